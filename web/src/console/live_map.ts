/**
 * The map of the console: base map, cells, trips and cars. A frame moves the arrays of the cars and uploads them, without
 * work per car. Static layers are rebuilt at most once a second, or when the choice changes.
 */
import type { Layer } from '@deck.gl/core';
import { MapboxOverlay } from '@deck.gl/mapbox';
import { effect } from '@preact/signals';
import { type Map as GlMap, NavigationControl, type PointLike } from 'maplibre-gl';
import { openMap } from '../map/basemap';
import type { CarSource, Origin } from '../map/car_source';
import type { Box } from '../map/cells_in_view';
import { frameTimer } from '../map/frame_timer';
import { drawsInSoftware } from '../map/webgl';
import type { Place } from '../protocol/messages';
import { showToast } from '../ui/controls';
import { placeNameAt } from '../ui/place_search';
import { theme } from '../ui/theme';
import { ChosenRoute } from './chosen_route';
import type { ConsoleState } from './console_state';
import { text } from './i18n';
import type { MapHandle } from './map_handle';
import { CarArrays, carLayer, LOOKS, pickupLines, ringLayer, routeLayer } from './map_layers';
import { nearestCar } from './nearest';
import { StaticLayers } from './static_layers';

const WATCH_AFTER_MS = 200;
const REACH_PX = 14;
const HOVER_MS = 80;
/** At this zoom all cars of a city of some kilometres are in view. */
const WHOLE_CITY_ZOOM = 11.3;
const FOUND_ZOOM = 15.5;
const FIND_WITHIN_MS = 4000;
const LINES_FROM_ZOOM = 12.5;
/**
 * Antialiasing of lines costs half of the time without a graphics card; dots and letters have soft edges anyway. Checked
 * once, because a page has a limited number of WebGL contexts.
 */
const ANTIALIAS = !drawsInSoftware();

export interface Hovered {
  x: number;
  y: number;
  vehicle: string;
}

export class LiveMap implements MapHandle {
  private readonly gl: GlMap;
  private readonly overlay = new MapboxOverlay({
    interleaved: false,
    layers: [],
    deviceProps: { webgl: { antialias: ANTIALIAS } },
  });
  private readonly origin: Origin;
  private readonly arrays = new CarArrays();
  private readonly staticLayers: StaticLayers;
  private readonly chosenRoute: ChosenRoute;
  private readonly ring = new Float32Array(2);
  private source: CarSource;
  private version = -1;
  private stale = true;
  private layers: Layer[] = [];
  private next = 0;
  private watchTimer = 0;
  private hoverTimer = 0;
  private readonly stops: (() => void)[];
  onHover: (hovered: Hovered | null) => void = () => undefined;

  constructor(
    container: HTMLElement,
    private readonly consoleState: ConsoleState,
  ) {
    const { city } = consoleState.store;
    this.origin = { lat: city.center[0], lng: city.center[1] };
    this.source = consoleState.feed.fleet;
    this.gl = openMap(container, city, { label: text('map.region'), zoom: 12.2 });
    this.gl.dragRotate.disable();
    this.gl.touchZoomRotate.disableRotation();
    this.gl.keyboard.disableRotation();
    this.gl.addControl(new NavigationControl({ showCompass: false }), 'bottom-right');
    this.gl.addControl(this.overlay as never);
    this.staticLayers = new StaticLayers(consoleState, () => this.source, this.origin);
    this.chosenRoute = new ChosenRoute(consoleState);
    this.stops = [effect(() => this.observe()), this.chosenRoute.start(() => this.invalidate())];
    this.listen();
    this.watch();
    this.next = requestAnimationFrame(this.frame);
  }

  close(): void {
    cancelAnimationFrame(this.next);
    clearTimeout(this.watchTimer);
    clearTimeout(this.hoverTimer);
    for (const stop of this.stops) stop();
    this.gl.remove();
  }

  // ── view ──────────────────────────────────────────────────────────────────────────────────────────────────────

  carsInView(): string[] {
    const { south, west, north, east } = this.box();
    const found: string[] = [];
    for (let slot = 0; slot < this.source.length; slot += 1) {
      const name = this.source.nameOf(slot);
      const lng = this.origin.lng + (this.source.offsets[slot * 2] as number);
      const lat = this.origin.lat + (this.source.offsets[slot * 2 + 1] as number);
      if (name !== undefined && lng > west && lng < east && lat > south && lat < north) found.push(name);
    }
    return found;
  }

  async find(vehicle: string): Promise<void> {
    this.consoleState.side.value = 'map';
    if (this.source.slotOf(vehicle) === undefined) {
      this.gl.jumpTo({ center: [this.origin.lng, this.origin.lat], zoom: WHOLE_CITY_ZOOM });
      const until = Date.now() + FIND_WITHIN_MS;
      while (this.source.slotOf(vehicle) === undefined && Date.now() < until) await sleep(100);
    }
    const slot = this.source.slotOf(vehicle);
    if (slot === undefined) showToast(text('car.nowhere'));
    else this.show(this.pointOf(slot));
  }

  show(point: [number, number]): void {
    this.gl.easeTo({ center: point, zoom: Math.max(this.gl.getZoom(), FOUND_ZOOM) });
  }

  private pointOf(slot: number): [number, number] {
    const { offsets } = this.source;
    return [this.origin.lng + (offsets[slot * 2] as number), this.origin.lat + (offsets[slot * 2 + 1] as number)];
  }

  private box(): Box {
    const bounds = this.gl.getBounds();
    return {
      south: bounds.getSouth(),
      west: bounds.getWest(),
      north: bounds.getNorth(),
      east: bounds.getEast(),
    };
  }

  private watch(): void {
    clearTimeout(this.watchTimer);
    this.watchTimer = window.setTimeout(() => this.consoleState.feed.watch(this.box()), WATCH_AFTER_MS);
  }

  // ── drawing ───────────────────────────────────────────────────────────────────────────────────────────────────

  private invalidate(): void {
    this.stale = true;
  }

  /** Reads all signals of the static layers: a change rebuilds them with the next frame. */
  private observe(): void {
    const { store, heat, replay, feed } = this.consoleState;
    void [store.now.value, store.tripsVersion.value, store.chosen.value, heat.value, theme.value, feed.wide.value];
    const past = replay.value;
    void [past?.trips.value, past?.followed.value];
    this.setSource(past === null ? feed.fleet : past.cars);
    this.invalidate();
    this.follow(past?.followed.value ?? null);
  }

  private setSource(source: CarSource): void {
    if (this.source === source) return;
    this.source = source;
    this.arrays.reset();
    this.version = -1;
  }

  /** In a replay the map follows the chosen car, or the car of the chosen trip. */
  private follow(followed: string | null): void {
    const past = this.consoleState.replay.value;
    if (followed === null || past === null) return;
    const trip = past.trips.value.get(followed);
    const slot = this.source.slotOf(trip?.vehicle ?? followed);
    const pickup = trip?.pickup;
    const point = slot === undefined ? pickup && ([pickup.lng, pickup.lat] as [number, number]) : this.pointOf(slot);
    if (point !== undefined) this.gl.easeTo({ center: point, duration: 250, easing: (part) => part });
  }

  private readonly frame = (): void => {
    this.next = requestAnimationFrame(this.frame);
    const wall = Date.now();
    const moved = this.source.move(wall);
    const zoom = this.gl.getZoom();
    if (this.stale) {
      this.stale = false;
      this.layers = this.staticLayers.build(zoom);
    } else if (!moved && this.source.version === this.version) {
      return;
    }
    this.version = this.source.version;
    this.overlay.setProps({ layers: this.all(zoom) });
    if (frameTimer?.times.aging) this.measure(wall);
  };

  private all(zoom: number): Layer[] {
    const look = LOOKS[theme.value];
    const lines = this.staticLayers.lines;
    const layers: Layer[] = [...this.layers];
    if (zoom >= LINES_FROM_ZOOM && lines.count > 0) {
      lines.follow(this.source);
      layers.push(pickupLines(lines.from, lines.to, lines.count, this.origin, look));
    }
    if (this.chosenRoute.lines.length > 0) layers.push(routeLayer(this.chosenRoute.lines, look));
    if (!this.consoleState.feed.wide.value || this.consoleState.replay.value !== null) {
      layers.push(carLayer(this.arrays.wrap(this.source), this.origin, look, zoom));
    }
    layers.push(...this.staticLayers.above);
    const chosen = this.chosenSlot();
    if (chosen !== undefined) {
      this.ring[0] = this.source.offsets[chosen * 2] as number;
      this.ring[1] = this.source.offsets[chosen * 2 + 1] as number;
      layers.push(ringLayer(this.ring, this.origin, look, zoom));
    }
    return layers;
  }

  private chosenSlot(): number | undefined {
    const { store, replay } = this.consoleState;
    const past = replay.value;
    if (past !== null) {
      const followed = past.followed.value;
      return followed === null ? undefined : this.source.slotOf(past.trips.value.get(followed)?.vehicle ?? followed);
    }
    const chosen = store.chosen.value;
    if (chosen === null) return undefined;
    return this.source.slotOf(chosen.kind === 'car' ? chosen.id : (store.trips.get(chosen.id)?.car?.vehicle ?? ''));
  }

  /** Runs after the frame, so that it is not part of the measured time. */
  private measure(wallMs: number): void {
    setTimeout(() => {
      const { fleet } = this.consoleState.feed;
      let oldest = 0;
      fleet.forEach((slot) => {
        if (wallMs - fleet.fixTime(slot) < 10_000) oldest = Math.max(oldest, fleet.shownAge(slot, wallMs));
      });
      frameTimer?.shown(fleet.size, oldest);
    });
  }

  // ── clicks ────────────────────────────────────────────────────────────────────────────────────────────────────

  private listen(): void {
    this.gl.on('moveend', () => this.watch());
    this.gl.on('zoom', () => this.invalidate());
    this.gl.on('click', (event) => this.clicked([event.lngLat.lng, event.lngLat.lat], event.point));
    this.gl.on('mousemove', (event) => {
      if (this.hoverTimer !== 0) return;
      this.hoverTimer = window.setTimeout(() => {
        this.hoverTimer = 0;
        this.hover([event.lngLat.lng, event.lngLat.lat], event.point.x, event.point.y);
      }, HOVER_MS);
    });
    this.gl.on('mouseout', () => this.onHover(null));
  }

  private clicked(point: [number, number], at: PointLike): void {
    const { pickPoint, pickCar, replay } = this.consoleState;
    const picking = pickPoint.value;
    if (picking !== null) {
      pickPoint.value = null;
      void this.placeAt(point).then(picking.onPick);
      return;
    }
    const vehicle = this.carAt(point);
    const trip = this.staticLayers.pinAt((pin) => this.gl.project([pin.lng, pin.lat]).dist(at as never), REACH_PX);
    if (replay.value !== null) replay.value.followed.value = trip ?? vehicle ?? null;
    else if (pickCar.value !== null && vehicle !== undefined) pickCar.value(vehicle);
    else if (trip !== undefined) this.consoleState.choose({ kind: 'trip', id: trip });
    else if (vehicle !== undefined) this.consoleState.choose({ kind: 'car', id: vehicle });
  }

  private carAt([lng, lat]: [number, number]): string | undefined {
    const [here, there] = [this.gl.project([lng, lat]), this.gl.project([lng + 0.01, lat + 0.01])];
    const scale = { x: (there.x - here.x) / 0.01, y: (here.y - there.y) / 0.01 };
    const slot = nearestCar(this.source, [lng - this.origin.lng, lat - this.origin.lat], scale, REACH_PX);
    return slot < 0 ? undefined : this.source.nameOf(slot);
  }

  private hover(point: [number, number], x: number, y: number): void {
    const vehicle = this.consoleState.feed.wide.value ? undefined : this.carAt(point);
    this.gl.getCanvas().style.cursor = this.consoleState.pickPoint.value ? 'crosshair' : vehicle ? 'pointer' : '';
    this.onHover(vehicle === undefined ? null : { x, y, vehicle });
  }

  /** The place at a point, with its name if it has one. */
  private async placeAt([lng, lat]: [number, number]): Promise<Place> {
    const point = { lat: Math.round(lat * 1e6) / 1e6, lng: Math.round(lng * 1e6) / 1e6 };
    return { ...point, text: await placeNameAt(point.lat, point.lng, this.consoleState.store.token) };
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
