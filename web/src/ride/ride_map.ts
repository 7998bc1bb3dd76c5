/** The passenger's map: both ends, the route and the moving car. Loaded after the page. */
import { type Map as GlMap, LngLatBounds, Marker } from 'maplibre-gl';
import { openMap } from '../map/basemap';
import type { Point } from '../map/geometry';
import { MarkerInterpolation } from '../map/interpolation';
import { RouteLine } from '../map/route_line';
import type { CityFacts } from '../protocol/reads';
import { type MapContent, pointsOf } from './map_content';

const STREET_ZOOM = 15.5;
const ROUTE_WIDTH = 5;
const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

export interface RideMapOptions {
  label: string;
  /** The user has moved the map; called with its centre. */
  onMoved: (center: Point) => void;
}

export class RideMap {
  private readonly map: GlMap;
  private readonly route: RouteLine;
  private readonly markers = new Map<string, Marker>();
  private readonly carMotion = new MarkerInterpolation();
  private content: MapContent = {};
  private carAt = 0;
  private frame = 0;
  private fitted = '';
  /** The user has moved the map, which is then no longer fitted to its content. */
  private movedByUser = false;

  constructor(container: HTMLElement, city: CityFacts, options: RideMapOptions) {
    this.map = openMap(container, city, { label: options.label, onStyle: () => this.route.add() });
    this.route = new RouteLine(this.map, ROUTE_WIDTH);
    this.map.on('moveend', (event) => {
      const { lat, lng } = this.map.getCenter();
      if (event.originalEvent === undefined) return;
      this.movedByUser = true;
      options.onMoved({ lat, lng });
    });
  }

  show(content: MapContent): void {
    this.content = content;
    this.mark('pickup', content.pickup);
    this.mark('dropoff', content.dropoff);
    this.route.show(content.route ?? []);
    this.moveCar();
  }

  /** Brings the whole content into view, once for each `reason`. */
  fit(reason: string): void {
    const points = pointsOf(this.content);
    if (this.movedByUser || reason === this.fitted || points.length === 0) return;
    this.fitted = reason;
    const bounds = new LngLatBounds();
    for (const point of points) bounds.extend([point.lng, point.lat]);
    this.map.fitBounds(bounds, { padding: 64, maxZoom: STREET_ZOOM, animate: false });
  }

  center(point: Point): void {
    const { lat, lng } = this.map.getCenter();
    if (this.map.isMoving()) return;
    if (Math.abs(lat - point.lat) < 1e-6 && Math.abs(lng - point.lng) < 1e-6) return;
    this.map.jumpTo({ center: [point.lng, point.lat], zoom: Math.max(this.map.getZoom(), STREET_ZOOM) });
  }

  remove(): void {
    cancelAnimationFrame(this.frame);
    this.map.remove();
  }

  private mark(name: 'pickup' | 'dropoff' | 'car', point: Point | undefined): Marker | undefined {
    let marker = this.markers.get(name);
    if (point === undefined) {
      marker?.remove();
      this.markers.delete(name);
      return undefined;
    }
    if (marker === undefined) {
      const element = document.createElement('div');
      element.className = `mark ${name}`;
      marker = new Marker({ element, rotationAlignment: name === 'car' ? 'map' : 'viewport' });
      this.markers.set(name, marker.setLngLat([point.lng, point.lat]).addTo(this.map));
    }
    return marker.setLngLat([point.lng, point.lat]);
  }

  private moveCar(): void {
    const car = this.content.car;
    if (car === undefined) {
      this.mark('car', undefined);
      return;
    }
    if (car.at !== this.carAt) this.carMotion.add(car, performance.now());
    this.carAt = car.at;
    cancelAnimationFrame(this.frame);
    this.step();
  }

  private readonly step = (): void => {
    const now = reducedMotion.matches ? Number.POSITIVE_INFINITY : performance.now();
    const pose = this.carMotion.pose(now);
    if (pose === null || this.content.car === undefined) return;
    this.mark('car', pose)?.setRotation(pose.heading);
    if (!this.carMotion.isAtRest(now)) this.frame = requestAnimationFrame(this.step);
  };
}
