/**
 * The ground of every map: the city's land and streets, drawn from two files of our own server, without glyphs, sprites
 * or tiles from elsewhere; or the tiles of the server that the company has set.
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

/** Streets of this class (San Francisco's centre lines: 1 freeway, 3 arterial) and below are drawn as main roads. */
const MAIN_CLASS = 3;

/** The layer of the streets' names. */
const NAMES = 'names';

/** The layer of land tells the water as well, by this name. */
const WATER = 'Bay and Ocean';

function width(narrow: number, wide: number) {
  return ['interpolate', ['exponential', 1.6], ['zoom'], 11, narrow, 18, wide] as unknown as number;
}

function drawn(colours: Colours): StyleSpecification {
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

function tiled(tiles: string): StyleSpecification {
  return {
    version: 8,
    sources: { tiles: { type: 'raster', tiles: [tiles], tileSize: 256 } },
    layers: [{ id: 'tiles', type: 'raster', source: 'tiles' }],
  };
}

export { canDraw } from './webgl';

export interface MapView {
  /** Latitude, longitude; default: the city's centre. */
  center?: [number, number];
  zoom?: number;
  /** Called after each change of style (theme), when sources and layers of one's own have to be added again. */
  onStyle?: (map: GlMap) => void;
  /** What a screen reader calls the map. */
  label: string;
}

/** A map in `container`, which follows the theme. `remove()` it when it goes. */
export function openMap(container: HTMLElement, city: CityFacts, view: MapView): GlMap {
  const [lat, lng] = view.center ?? city.center;
  const style = () => (city.tiles ? tiled(city.tiles) : drawn(COLOURS[theme.value]));
  const map = new GlMap({
    container,
    style: style(),
    center: [lng, lat],
    zoom: view.zoom ?? 13,
    attributionControl: { compact: true, customAttribution: (city.sources ?? []).map(asText).join(' · ') },
    locale: { 'Map.Title': view.label },
    fadeDuration: 0,
  });
  map.on('style.load', () => view.onStyle?.(map));
  map.on('idle', () => {
    container.setAttribute('data-drawn', '');
  });
  map.once('load', () => foldSources(map));
  foldSources(map);
  let first = true;
  const stop = theme.subscribe(() => {
    if (first) first = false;
    else if (!city.tiles) map.setStyle(style(), { diff: false });
  });
  map.on('remove', stop);
  return map;
}

/** Before which layer to add what lies on the ground but under its names; undefined where the ground has none. */
export function underNames(map: GlMap): string | undefined {
  return map.getLayer(NAMES) === undefined ? undefined : NAMES;
}

/** The sources of the map fill a phone's map: they are told when they are asked for. */
function foldSources(map: GlMap): void {
  const sources = map.getContainer().querySelector('.maplibregl-ctrl-attrib');
  sources?.classList.remove('maplibregl-compact-show');
  sources?.removeAttribute('open');
}

function asText(source: string): string {
  const holder = document.createElement('span');
  holder.textContent = source;
  return holder.innerHTML;
}
