/**
 * The dots of all cars, drawn as points in one draw call. The layers of deck.gl draw each dot as an instance of a square,
 * which is slow without a graphics card (docs/decisions/0018). Large dots contain an arrow in the heading of the car.
 */
import { type DefaultProps, Layer, type LayerProps, picking, project32, type UpdateParameters } from '@deck.gl/core';
import { Model } from '@luma.gl/engine';

/** Attributes, by accessor: `getOffset` (degrees from the origin), `getColour`, `getHeading` (degrees, -1: unknown). */
export interface CarLayerProps extends LayerProps {
  data: { length: number; attributes: Record<string, { value: Float32Array | Uint8Array; size: number }> };
  /** Pixels to the middle of the rim. */
  radius: number;
  /** Width of the rim, pixels. */
  rim: number;
  /** Red, green, blue, 0 to 255. */
  rimColour: readonly number[];
  /** Draws an arrow in each dot. */
  arrows: boolean;
}

const BLOCK = `\
layout(std140) uniform carsUniforms {
  float radius;
  float rim;
  vec3 rimColour;
} cars;
`;

const carsUniforms = {
  name: 'cars',
  vs: BLOCK,
  fs: BLOCK,
  uniformTypes: { radius: 'f32', rim: 'f32', rimColour: 'vec3<f32>' },
} as const;

const VERTEX = `\
#version 300 es
#define SHADER_NAME car-layer-vertex
in vec2 offsets;
in vec4 colours;
in float headings;
out vec4 vColour;
out float vReach;
#ifdef ARROWS
out vec2 vAhead;
#endif

void main(void) {
  vec4 world;
  gl_Position = project_position_to_clipspace(vec3(offsets, 0.0), vec3(0.0), vec3(0.0), world);
  vReach = cars.radius + 0.5 * cars.rim + 0.5;
  gl_PointSize = 2.0 * vReach * project.devicePixelRatio;
  vColour = colours;
#ifdef ARROWS
  vAhead = headings < 0.0 ? vec2(0.0) : vec2(sin(radians(headings)), cos(radians(headings)));
#endif
}
`;

/** Distances are CSS pixels from the middle of the dot; edges are antialiased over one pixel. */
const FRAGMENT = `\
#version 300 es
#define SHADER_NAME car-layer-fragment
precision highp float;
in vec4 vColour;
in float vReach;
out vec4 fragColor;

#ifdef ARROWS
in vec2 vAhead;

bool inArrow(vec2 at) {
  float along = dot(at, vAhead);
  float aside = abs(dot(at, vec2(vAhead.y, -vAhead.x)));
  return aside < 0.5 && along < 0.62 - aside * 1.55 && along > -0.42 + (0.45 - aside) * 0.5;
}
#endif

void main(void) {
  vec2 at = vec2(2.0, -2.0) * vReach * (gl_PointCoord - 0.5);
  float far = length(at);
  float rim = clamp(far - vReach + cars.rim + 1.0, 0.0, 1.0) * step(0.001, cars.rim);
  vec3 filled = vColour.rgb;
#ifdef ARROWS
  if (vAhead != vec2(0.0) && inArrow(at / (vReach - 0.5))) filled = vec3(1.0);
#endif
  fragColor = vec4(mix(filled, cars.rimColour, rim), vColour.a * clamp(vReach - far, 0.0, 1.0));
}
`;

export class CarLayer extends Layer<CarLayerProps> {
  static override layerName = 'CarLayer';
  static override defaultProps: DefaultProps<CarLayerProps> = {
    getOffset: { type: 'accessor', value: [0, 0] },
    getColour: { type: 'accessor', value: [0, 0, 0, 255] },
    getHeading: { type: 'accessor', value: -1 },
    radius: 4,
    rim: 1,
    rimColour: { type: 'array', value: [255, 255, 255], compare: true },
    arrows: true,
  } as DefaultProps<CarLayerProps>;
  declare state: { model?: Model };

  override getShaders() {
    const defines = this.props.arrows ? { ARROWS: 1 } : {};
    return super.getShaders({ vs: VERTEX, fs: FRAGMENT, defines, modules: [project32, picking, carsUniforms] });
  }

  override initializeState(): void {
    const attributes = this.getAttributeManager();
    attributes?.remove(['instancePickingColors']);
    attributes?.add({
      offsets: { size: 2, type: 'float32', accessor: 'getOffset' },
      colours: { size: 4, type: 'unorm8', accessor: 'getColour' },
      headings: { size: 1, type: 'float32', accessor: 'getHeading' },
    });
  }

  override updateState(changed: UpdateParameters<this>): void {
    super.updateState(changed);
    if (this.state.model !== undefined && changed.props.arrows === changed.oldProps.arrows) return;
    this.state.model?.destroy();
    this.state.model = this.makeModel();
    this.getAttributeManager()?.invalidateAll();
  }

  override draw(): void {
    const { radius, rim, rimColour, data } = this.props;
    const { model } = this.state;
    model?.shaderInputs.setProps({ cars: { radius, rim, rimColour: rimColour.map((part) => part / 255) } });
    model?.setVertexCount(data.length);
    model?.draw(this.context.renderPass);
  }

  private makeModel(): Model {
    return new Model(this.context.device, {
      ...this.getShaders(),
      id: this.props.id,
      bufferLayout: this.getAttributeManager()?.getBufferLayouts() ?? [],
      topology: 'point-list',
      isInstanced: false,
    });
  }
}
