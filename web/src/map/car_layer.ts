/** Dots of cars; where they are large enough, each bears an arrow to where it is heading. */
import { ScatterplotLayer } from '@deck.gl/layers';

/** Dots from this radius on (pixels) bear an arrow. */
const ARROW_FROM_PX = '5.5';

export class CarLayer extends ScatterplotLayer {
  static override layerName = 'CarLayer';

  override initializeState(): void {
    super.initializeState();
    this.getAttributeManager()?.addInstanced({
      instanceHeadings: { size: 1, type: 'float32', accessor: 'getHeading', defaultValue: -1 },
    });
  }

  override getShaders() {
    return {
      ...super.getShaders(),
      inject: {
        'vs:#decl': 'in float instanceHeadings;\nout float vHeading;',
        'vs:#main-end': `vHeading = outerRadiusPixels > ${ARROW_FROM_PX} ? instanceHeadings : -1.0;`,
        'fs:#decl': 'in float vHeading;',
        'fs:DECKGL_FILTER_COLOR': `
          if (vHeading >= 0.0) {
            vec2 ahead = vec2(sin(radians(vHeading)), cos(radians(vHeading)));
            float along = dot(geometry.uv, ahead);
            float aside = abs(dot(geometry.uv, vec2(ahead.y, -ahead.x)));
            bool inside = along < 0.62 - aside * 1.55 && along > -0.42 + (0.45 - aside) * 0.5;
            if (inside && aside < 0.5) color.rgb = vec3(1.0);
          }`,
      },
    };
  }
}
