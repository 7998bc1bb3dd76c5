/** The passenger's map: both ends, the way, and the car that glides. Loaded after the page. */

import type { GeoJSONSource } from 'maplibre-gl';
import { type Map as GlMap, LngLatBounds, Marker } from 'maplibre-gl';
import { openMap, underNames } from '../map/basemap';
import type { CityFacts } from '../protocol/reads';
import { Glide, type Point } from './glide';
import { type Picture, pointsOf } from './map_content';

const WAY = 'way';
const STREET_ZOOM = 15.5;
const still = matchMedia('(prefers-reduced-motion: reduce)');

export interface RideMapOptions {
  label: string;
  /** The person moved the map: its middle. */
  onMoved: (point: Point) => void;
}

export class RideMap {
  private readonly map: GlMap;
  private readonly markers = new Map<string, Marker>();
  private readonly glide = new Glide();
  private picture: Picture = {};
  private carAt = 0;
  private frame = 0;
  private fitted = '';
  /** The person has moved the map, and is left alone. */
  private led = false;

  constructor(container: HTMLElement, city: CityFacts, options: RideMapOptions) {
    this.map = openMap(container, city, { label: options.label, onStyle: (map) => this.styled(map) });
    this.map.on('moveend', (event) => {
      const { lat, lng } = this.map.getCenter();
      if (event.originalEvent === undefined) return;
      this.led = true;
      options.onMoved({ lat, lng });
    });
  }

  show(picture: Picture): void {
    this.picture = picture;
    this.mark('pickup', picture.pickup);
    this.mark('dropoff', picture.dropoff);
    this.drawWay();
    this.moveCar();
  }

  /** Bring everything into view, once for each `reason`. */
  fit(reason: string): void {
    const points = pointsOf(this.picture);
    if (this.led || reason === this.fitted || points.length === 0) return;
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
    const car = this.picture.car;
    if (car === undefined) {
      this.mark('car', undefined);
      return;
    }
    if (car.at !== this.carAt) this.glide.hear(car, car.heading, performance.now());
    this.carAt = car.at;
    cancelAnimationFrame(this.frame);
    this.step();
  }

  private readonly step = (): void => {
    const now = still.matches ? Number.POSITIVE_INFINITY : performance.now();
    const pose = this.glide.at(now);
    if (pose === null || this.picture.car === undefined) return;
    this.mark('car', pose)?.setRotation(pose.heading);
    if (!this.glide.rests(now)) this.frame = requestAnimationFrame(this.step);
  };

  private styled(map: GlMap): void {
    map.addSource(WAY, { type: 'geojson', data: this.wayData() });
    const line = { type: 'line', source: WAY, layout: { 'line-cap': 'round', 'line-join': 'round' } } as const;
    const under = underNames(map);
    map.addLayer({ ...line, id: 'way-casing', paint: { 'line-color': '#ffffff', 'line-width': 8 } }, under);
    map.addLayer({ ...line, id: WAY, paint: { 'line-color': '#0b57c2', 'line-width': 5 } }, under);
  }

  private drawWay(): void {
    this.map.getSource<GeoJSONSource>(WAY)?.setData(this.wayData());
  }

  private wayData() {
    const coordinates = (this.picture.line ?? []).map(([lat, lng]) => [lng, lat]);
    return { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } } as const;
  }
}
