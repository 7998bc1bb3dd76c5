/** The map above the sheet, or a sketch if the browser cannot draw maps. Every action is possible without either. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Point } from '../map/geometry';
import { canDrawMap } from '../map/webgl';
import type { CityFacts } from '../protocol/reads';
import type { End } from './draft';
import { text } from './i18n';
import type { MapContent } from './map_content';
import type { RideMap } from './ride_map';
import { Sketch } from './sketch';

/** The pin in the middle of the map, and the end that it sets. */
export interface Pin {
  end: End;
  at?: Point | undefined;
  onMoved: (lat: number, lng: number) => void;
}

interface MapPanelProps {
  city: CityFacts;
  content: MapContent;
  pin?: Pin;
  /** The whole content is brought into view each time this changes. */
  fit?: string;
}

const drawable = canDrawMap();

export function MapPanel({ city, content, pin, fit }: MapPanelProps) {
  const container = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<RideMap | null>(null);
  const [failed, setFailed] = useState(!drawable);
  const moved = useRef(pin?.onMoved);
  moved.current = pin?.onMoved;

  useEffect(() => {
    let opened: RideMap | null = null;
    let gone = false;
    const open = async () => {
      const { RideMap } = await import('./ride_map');
      if (gone || container.current === null) return;
      const onMoved = ({ lat, lng }: Point) => moved.current?.(lat, lng);
      opened = new RideMap(container.current, city, { label: text('map_label'), onMoved });
      setMap(opened);
    };
    if (drawable) open().catch(() => setFailed(true));
    return () => {
      gone = true;
      opened?.remove();
    };
  }, [city]);

  useEffect(() => {
    if (map === null) return;
    const shown = { ...content };
    if (pin !== undefined) delete shown[pin.end];
    map.show(shown);
    if (fit !== undefined) map.fit(fit);
  });
  const [lat, lng] = [pin?.at?.lat, pin?.at?.lng];
  useEffect(() => {
    if (map !== null && lat !== undefined && lng !== undefined) map.center({ lat, lng });
  }, [map, lat, lng]);

  if (failed) return <Sketch city={city} content={content} />;
  return (
    <div class="map">
      <div ref={container} class="map-ground" />
      {map === null && (
        <p class="map-note quiet small" role="status">
          {text('map_loading')}
        </p>
      )}
      {map !== null && pin !== undefined && (
        <>
          <span class={`pin ${pin.end}`} aria-hidden="true" />
          <p class="map-note small">
            {text('pin_sets', { what: text(pin.end === 'pickup' ? 'pin_pickup' : 'pin_dropoff') })}
          </p>
        </>
      )}
    </div>
  );
}
