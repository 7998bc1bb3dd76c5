/** The way, the place to go to and the car on the map. Loaded when it is first shown. */
import { type GeoJSONSource, type Map as GlMap, LngLatBounds, Marker } from 'maplibre-gl';
import { canDraw, openMap, underNames } from '../map/basemap';
import type { Place } from '../protocol/messages';
import type { CityFacts } from '../protocol/reads';
import type { Way } from './route';
import type { Position } from './unacked_fixes';

const SOURCE = 'way';
const AGAIN_AFTER_MS = 10_000;

function sign(name: string): HTMLElement {
  const element = document.createElement('div');
  element.className = name;
  return element;
}

export class WayMap {
  static possible = canDraw;
  private readonly map: GlMap;
  private readonly target: [number, number];
  private readonly car = new Marker({ element: sign('car-sign'), rotationAlignment: 'map' });
  private way: Way | null = null;
  private here: Position | null = null;
  private touchedMs = 0;
  private framed = false;

  constructor(container: HTMLElement, city: CityFacts, target: Place, label: string) {
    const center: [number, number] = [target.lat, target.lng];
    this.target = [target.lng, target.lat];
    this.map = openMap(container, city, { center, zoom: 14, label, onStyle: () => this.draw() });
    this.map.touchZoomRotate.disableRotation();
    new Marker({ element: sign('target-sign'), anchor: 'bottom' }).setLngLat(this.target).addTo(this.map);
    for (const moved of ['dragstart', 'zoomstart'] as const) {
      this.map.on(moved, (event) => {
        if (event.originalEvent !== undefined) this.touchedMs = Date.now();
      });
    }
  }

  show(way: Way | null, here: Position | null): void {
    const newWay = way !== this.way;
    [this.way, this.here] = [way, here];
    if (newWay) this.draw();
    if (here === null) return;
    this.car.setLngLat([here.lng, here.lat]).addTo(this.map);
    this.car.setRotation(here.heading ?? 0);
    this.car.getElement().classList.toggle('headed', here.heading !== null);
    if (newWay || !this.framed) this.frame();
    else if (Date.now() - this.touchedMs > AGAIN_AFTER_MS) this.keepInSight(here);
  }

  /** Show all of the way that is left, with the car. */
  frame(): void {
    const bounds = new LngLatBounds(this.target, this.target);
    for (const [lat, lng] of this.way?.points ?? []) bounds.extend([lng, lat]);
    if (this.here !== null) bounds.extend([this.here.lng, this.here.lat]);
    this.framed = this.way !== null;
    this.map.fitBounds(bounds, { padding: { top: 72, bottom: 48, left: 48, right: 64 }, maxZoom: 16, animate: false });
  }

  remove(): void {
    this.map.remove();
  }

  private keepInSight(here: Position): void {
    if (!this.map.getBounds().contains([here.lng, here.lat])) this.map.panTo([here.lng, here.lat]);
  }

  private draw(): void {
    if (
      !this.map.isStyleLoaded() &&
      this.map.getSource('land') === undefined &&
      this.map.getSource('tiles') === undefined
    )
      return;
    const coordinates = (this.way?.points ?? []).map(([lat, lng]) => [lng, lat]);
    const data = { type: 'Feature' as const, properties: {}, geometry: { type: 'LineString' as const, coordinates } };
    const source = this.map.getSource<GeoJSONSource>(SOURCE);
    if (source !== undefined) {
      source.setData(data);
      this.map.setPaintProperty('way', 'line-dasharray', this.dashes());
      return;
    }
    this.map.addSource(SOURCE, { type: 'geojson', data });
    const layout = { 'line-cap': 'round', 'line-join': 'round' } as const;
    const under = underNames(this.map);
    const line = { type: 'line', source: SOURCE, layout } as const;
    this.map.addLayer({ ...line, id: 'way-casing', paint: { 'line-color': '#ffffff', 'line-width': 9 } }, under);
    const paint = { 'line-color': '#0b57c2', 'line-width': 6, 'line-dasharray': this.dashes() };
    this.map.addLayer({ ...line, id: 'way', paint }, under);
  }

  private dashes(): number[] {
    return this.way === null || this.way.byRoad ? [1, 0] : [1, 2];
  }
}
