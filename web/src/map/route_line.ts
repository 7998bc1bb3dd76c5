/** A route drawn as a line with a casing, below the names of the streets. */
import type { GeoJSONSource, Map as GlMap } from 'maplibre-gl';
import { underNames } from './basemap';

const SOURCE = 'route';
const SOLID = [1, 0];
const DASHED = [1, 2];

export class RouteLine {
  private points: readonly (readonly [number, number])[] = [];
  private dashes = SOLID;

  constructor(
    private readonly map: GlMap,
    private readonly width: number,
  ) {}

  /** Draws a route (latitude and longitude of each point); a straight line that is no road is dashed. */
  show(points: readonly (readonly [number, number])[], dashed = false): void {
    this.points = points;
    this.dashes = dashed ? DASHED : SOLID;
    const source = this.map.getSource<GeoJSONSource>(SOURCE);
    if (source === undefined) return;
    source.setData(this.data());
    this.map.setPaintProperty(SOURCE, 'line-dasharray', this.dashes);
  }

  /** Adds the layers to the current style; to be called after each change of style. */
  add(): void {
    this.map.addSource(SOURCE, { type: 'geojson', data: this.data() });
    const line = { type: 'line', source: SOURCE, layout: { 'line-cap': 'round', 'line-join': 'round' } } as const;
    const below = underNames(this.map);
    const casing = { 'line-color': '#ffffff', 'line-width': this.width + 3 };
    const paint = { 'line-color': '#0b57c2', 'line-width': this.width, 'line-dasharray': this.dashes };
    this.map.addLayer({ ...line, id: `${SOURCE}-casing`, paint: casing }, below);
    this.map.addLayer({ ...line, id: SOURCE, paint }, below);
  }

  private data() {
    const coordinates = this.points.map(([lat, lng]) => [lng, lat]);
    return { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } } as const;
  }
}
