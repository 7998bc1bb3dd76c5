/**
 * The base map: land and streets of the city, drawn from two files of this server without external glyphs, sprites or
 * tiles, or the tiles of the server that the company has configured.
 */
import { Map as GlMap, type StyleSpecification, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { CityFacts } from '../protocol/reads';
import { theme } from '../ui/theme';

setWorkerUrl(workerUrl);

interface Colours {
  water: string;
  land: string;
  street: string;
  main: string;
  casing: string;
  label: string;
  halo: string;
}

const COLOURS: Record<'light' | 'dark', Colours> = {
  light: {
    water: '#cfe0ee',
    land: '#f3f1ec',
    street: '#ffffff',
    main: '#ffe9b3',
    casing: '#d8d3c8',
    label: '#4c4a45',
    halo: '#ffffff',
  },
  dark: {
    water: '#0d1a26',
    land: '#1a1f27',
    street: '#2c3440',
    main: '#4a4430',
    casing: '#12161c',
    label: '#aeb7c4',
    halo: '#12161c',
  },
};

/** Streets up to this class are drawn as main roads (San Francisco's centre lines: 1 freeway, 3 arterial). */
const MAIN_CLASS = 3;

/** The layer of street names. */
const NAMES = 'names';

/** The name of the water area in the land file. */
const WATER = 'Bay and Ocean';

function width(narrow: number, wide: number) {
  return ['interpolate', ['exponential', 1.6], ['zoom'], 11, narrow, 18, wide] as unknown as number;
}

function vectorStyle(colours: Colours): StyleSpecification {
  const isMain = ['<=', ['get', 'class'], MAIN_CLASS] as unknown as boolean;
  const label = ['get', 'name'] as unknown as string;
  return {
    version: 8,
    sources: {
      land: { type: 'geojson', data: new URL('/v1/city/land', location.href).href },
      streets: { type: 'geojson', data: new URL('/v1/city/streets', location.href).href, tolerance: 0.6 },
    },
    layers: [
      { id: 'water', type: 'background', paint: { 'background-color': colours.water } },
      {
        id: 'land',
        type: 'fill',
        source: 'land',
        filter: ['!=', ['get', 'name'], WATER] as never,
        paint: { 'fill-color': colours.land },
      },
      {
        id: 'casing',
        type: 'line',
        source: 'streets',
        minzoom: 13.5,
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': colours.casing, 'line-width': width(1.2, 26) },
      },
      {
        id: 'street',
        type: 'line',
        source: 'streets',
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': colours.street, 'line-width': width(0.7, 22) },
      },
      {
        id: 'main',
        type: 'line',
        source: 'streets',
        filter: isMain as never,
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': colours.main, 'line-width': width(1.4, 26) },
      },
      {
        id: NAMES,
        type: 'symbol',
        source: 'streets',
        minzoom: 13.5,
        layout: { 'symbol-placement': 'line', 'text-field': label, 'text-size': 12, 'text-padding': 12 },
        paint: { 'text-color': colours.label, 'text-halo-color': colours.halo, 'text-halo-width': 1.4 },
      },
    ],
  };
}

function tileStyle(tiles: string): StyleSpecification {
  return {
    version: 8,
    sources: { tiles: { type: 'raster', tiles: [tiles], tileSize: 256 } },
    layers: [{ id: 'tiles', type: 'raster', source: 'tiles' }],
  };
}

export interface MapView {
  /** Latitude and longitude; the centre of the city by default. */
  center?: [number, number];
  zoom?: number;
  /** Called after each change of style (theme), which removes all added sources and layers. */
  onStyle?: (map: GlMap) => void;
  /** The name of the map for screen readers. */
  label: string;
}

/** Opens a map that follows the theme. The caller has to `remove()` it. */
export function openMap(container: HTMLElement, city: CityFacts, view: MapView): GlMap {
  const [lat, lng] = view.center ?? city.center;
  const style = () => (city.tiles ? tileStyle(city.tiles) : vectorStyle(COLOURS[theme.value]));
  const map = new GlMap({
    container,
    style: style(),
    center: [lng, lat],
    zoom: view.zoom ?? 13,
    attributionControl: { compact: true, customAttribution: (city.sources ?? []).map(escaped).join(' · ') },
    locale: { 'Map.Title': view.label },
    fadeDuration: 0,
  });
  map.on('style.load', () => view.onStyle?.(map));
  map.on('idle', () => {
    container.setAttribute('data-drawn', '');
  });
  map.once('load', () => collapseAttribution(map));
  collapseAttribution(map);
  let first = true;
  const stop = theme.subscribe(() => {
    if (first) first = false;
    else if (!city.tiles) map.setStyle(style(), { diff: false });
  });
  map.on('remove', stop);
  return map;
}

/** The layer before which to add layers that belong below the street names; undefined if there are no names. */
export function underNames(map: GlMap): string | undefined {
  return map.getLayer(NAMES) === undefined ? undefined : NAMES;
}

/** Collapses the attribution, which would cover the map of a phone; a button shows it. */
function collapseAttribution(map: GlMap): void {
  const sources = map.getContainer().querySelector('.maplibregl-ctrl-attrib');
  sources?.classList.remove('maplibregl-compact-show');
  sources?.removeAttribute('open');
}

function escaped(source: string): string {
  const holder = document.createElement('span');
  holder.textContent = source;
  return holder.innerHTML;
}
