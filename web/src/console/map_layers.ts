/** The deck.gl layers over the base map: cells, routes, requests and cars. */
import { COORDINATE_SYSTEM, type Layer } from '@deck.gl/core';
import { H3HexagonLayer } from '@deck.gl/geo-layers';
import { LineLayer, PathLayer, ScatterplotLayer, TextLayer } from '@deck.gl/layers';
import { cellToLatLng } from 'h3-js';
import { CarLayer } from '../map/car_layer';
import type { CarSource, Origin } from '../map/car_source';
import type { Theme } from '../ui/theme';
import type { Heated } from './heat';

type Colour = [number, number, number] | [number, number, number, number];

export interface Look {
  ground: Colour;
  ink: Colour;
  line: Colour;
  route: Colour;
  pin: Colour;
  late: Colour;
  chosen: Colour;
  heat: [number, number, number];
}

export const LOOKS: Record<Theme, Look> = {
  light: {
    ground: [255, 255, 255],
    ink: [20, 23, 28],
    line: [24, 100, 214, 170],
    route: [24, 100, 214, 220],
    pin: [245, 180, 0],
    late: [196, 43, 33],
    chosen: [20, 23, 28],
    heat: [168, 62, 0],
  },
  dark: {
    ground: [15, 18, 23],
    ink: [238, 241, 245],
    line: [104, 170, 255, 170],
    route: [104, 170, 255, 230],
    pin: [247, 192, 47],
    late: [255, 117, 105],
    chosen: [255, 255, 255],
    heat: [255, 160, 70],
  },
};

export interface Pin {
  trip: string;
  lng: number;
  lat: number;
  age: string;
  late: boolean;
  oldest: boolean;
}

function offsetFrom(origin: Origin) {
  const coordinateOrigin: [number, number, number] = [origin.lng, origin.lat, 0];
  return { coordinateSystem: COORDINATE_SYSTEM.LNGLAT_OFFSETS, coordinateOrigin };
}

const RIM_FROM_ZOOM = 12;
/** Dots of at least this radius contain an arrow. */
const ARROW_FROM_PX = 5;

/** Radius of the dot of a car, in pixels. */
export function dotRadius(zoom: number): number {
  if (zoom >= 15) return Math.min(10, 7 + (zoom - 15) * 1.5);
  return Math.max(2.5, 4.5 + (zoom - 13) * 0.8);
}

interface Attribute {
  value: Float32Array | Uint8Array;
  size: number;
  normalized?: boolean;
}

/** The arrays of cars as the layer needs them: deck.gl reads an array again only if its wrapper is a new object. */
export class CarArrays {
  private version = -1;
  private colours: Attribute | null = null;
  private headings: Attribute | null = null;

  wrap(cars: CarSource) {
    if (cars.version !== this.version || this.colours === null || this.headings === null) {
      this.version = cars.version;
      this.colours = { value: cars.colours, size: 4, normalized: true };
      this.headings = { value: cars.headings, size: 1 };
    }
    const getOffset: Attribute = { value: cars.offsets, size: 2 };
    return {
      length: cars.length,
      attributes: { getOffset, getColour: this.colours, getHeading: this.headings },
    };
  }

  reset(): void {
    this.version = -1;
  }
}

export function carLayer(data: ReturnType<CarArrays['wrap']>, origin: Origin, look: Look, zoom: number): Layer {
  return new CarLayer({
    id: 'cars',
    data,
    ...offsetFrom(origin),
    radius: dotRadius(zoom),
    rim: zoom >= RIM_FROM_ZOOM ? 1 : 0,
    rimColour: look.ground,
    arrows: dotRadius(zoom) >= ARROW_FROM_PX,
  });
}

export function ringLayer(offsets: Float32Array, origin: Origin, look: Look, zoom: number): Layer {
  return new ScatterplotLayer({
    id: 'chosen-car',
    data: { length: 1, attributes: { getPosition: { value: offsets, size: 2 } } } as never,
    ...offsetFrom(origin),
    radiusUnits: 'pixels',
    getRadius: 1,
    radiusScale: dotRadius(zoom) + 6,
    filled: false,
    stroked: true,
    lineWidthUnits: 'pixels',
    getLineWidth: 3,
    getLineColor: look.chosen,
  });
}

export function pickupLines(from: Float32Array, to: Float32Array, count: number, origin: Origin, look: Look): Layer {
  const attributes = { getSourcePosition: { value: from, size: 2 }, getTargetPosition: { value: to, size: 2 } };
  return new LineLayer({
    id: 'pickup-lines',
    data: { length: count, attributes } as never,
    ...offsetFrom(origin),
    widthUnits: 'pixels',
    getWidth: 1.5,
    getColor: look.line,
  });
}

export function routeLayer(lines: readonly [number, number][][], look: Look): Layer {
  return new PathLayer<[number, number][]>({
    id: 'route',
    data: lines as [number, number][][],
    getPath: (line) => line,
    widthUnits: 'pixels',
    getWidth: 5,
    getColor: look.route,
    capRounded: true,
    jointRounded: true,
  });
}

export function pinLayers(pins: readonly Pin[], labelled: boolean, look: Look): Layer[] {
  const at = (pin: Pin): [number, number] => [pin.lng, pin.lat];
  const colour = (pin: Pin): Colour => (pin.late ? look.late : look.pin);
  const named = pins.filter((pin) => labelled || pin.oldest || pin.late);
  return [
    new ScatterplotLayer<Pin>({
      id: 'pins',
      data: pins as Pin[],
      getPosition: at,
      radiusUnits: 'pixels',
      getRadius: (pin) => (pin.oldest ? 9 : 6),
      getFillColor: colour,
      stroked: true,
      lineWidthUnits: 'pixels',
      getLineWidth: 2,
      getLineColor: look.ink,
    }),
    new TextLayer<Pin>({
      id: 'pin-ages',
      data: named,
      getPosition: at,
      getText: (pin) => pin.age,
      getSize: (pin) => (pin.oldest ? 14 : 12),
      getColor: look.ink,
      getPixelOffset: [0, -20],
      fontFamily: 'system-ui, sans-serif',
      fontWeight: 600,
      background: true,
      getBackgroundColor: look.ground,
      getBorderColor: colour,
      getBorderWidth: 2,
      backgroundPadding: [5, 2],
      backgroundBorderRadius: 5,
    }),
  ];
}

export function heatLayers(cells: readonly Heated[], labelOf: (value: number) => string, look: Look): Layer[] {
  const most = Math.max(1, ...cells.map((each) => each.value));
  return [
    new H3HexagonLayer<Heated>({
      id: 'heat',
      data: cells as Heated[],
      getHexagon: (each) => each.cell,
      extruded: false,
      filled: true,
      stroked: true,
      getFillColor: (each) => [...look.heat, 30 + Math.round((170 * each.value) / most)],
      getLineColor: [...look.heat, 120],
      lineWidthMinPixels: 1,
    }),
    new TextLayer<Heated>({
      id: 'heat-labels',
      data: cells as Heated[],
      getPosition: (each) => centerOf(each.cell),
      getText: (each) => labelOf(each.value),
      getSize: 13,
      fontFamily: 'system-ui, sans-serif',
      fontWeight: 600,
      getColor: look.ink,
    }),
  ];
}

function centerOf(cell: string): [number, number] {
  const [lat, lng] = cellToLatLng(cell);
  return [lng, lat];
}
