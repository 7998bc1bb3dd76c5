/** The map of the driver: the route, the target and the car. Loaded when it is first shown. */
import { type Map as GlMap, LngLatBounds, Marker } from 'maplibre-gl';
import type { Route } from '../client/command_result';
import { openMap } from '../map/basemap';
import { RouteLine } from '../map/route_line';
import type { Place } from '../protocol/messages';
import type { CityFacts } from '../protocol/reads';
import type { Position } from './unacked_fixes';

const ROUTE_WIDTH = 6;
/** The map follows the car again this long after the driver has moved it. */
const FOLLOW_AFTER_MS = 10_000;

function markerElement(name: string): HTMLElement {
  const element = document.createElement('div');
  element.className = name;
  return element;
}

export class RouteMap {
  private readonly map: GlMap;
  private readonly line: RouteLine;
  private readonly target: [number, number];
  private readonly car = new Marker({ element: markerElement('car-sign'), rotationAlignment: 'map' });
  private route: Route | null = null;
  private here: Position | null = null;
  private touchedMs = 0;
  private framed = false;

  constructor(container: HTMLElement, city: CityFacts, target: Place, label: string) {
    const center: [number, number] = [target.lat, target.lng];
    this.target = [target.lng, target.lat];
    this.map = openMap(container, city, { center, zoom: 14, label, onStyle: () => this.line.add() });
    this.line = new RouteLine(this.map, ROUTE_WIDTH);
    this.map.touchZoomRotate.disableRotation();
    new Marker({ element: markerElement('target-sign'), anchor: 'bottom' }).setLngLat(this.target).addTo(this.map);
    for (const moved of ['dragstart', 'zoomstart'] as const) {
      this.map.on(moved, (event) => {
        if (event.originalEvent !== undefined) this.touchedMs = Date.now();
      });
    }
  }

  show(route: Route | null, here: Position | null): void {
    const isNew = route !== this.route;
    [this.route, this.here] = [route, here];
    if (isNew) this.line.show(route?.points ?? [], route?.by_road === false);
    if (here === null) return;
    this.car.setLngLat([here.lng, here.lat]).addTo(this.map);
    this.car.setRotation(here.heading ?? 0);
    this.car.getElement().classList.toggle('headed', here.heading !== null);
    if (isNew || !this.framed) this.frame();
    else if (Date.now() - this.touchedMs > FOLLOW_AFTER_MS) this.keepInView(here);
  }

  /** Fits the map to the route that is left and the car. */
  frame(): void {
    const bounds = new LngLatBounds(this.target, this.target);
    for (const [lat, lng] of this.route?.points ?? []) bounds.extend([lng, lat]);
    if (this.here !== null) bounds.extend([this.here.lng, this.here.lat]);
    this.framed = this.route !== null;
    this.map.fitBounds(bounds, { padding: { top: 72, bottom: 48, left: 48, right: 64 }, maxZoom: 16, animate: false });
  }

  remove(): void {
    this.map.remove();
  }

  private keepInView(here: Position): void {
    if (!this.map.getBounds().contains([here.lng, here.lat])) this.map.panTo([here.lng, here.lat]);
  }
}
