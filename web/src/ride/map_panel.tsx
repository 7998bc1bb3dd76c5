/** The map above the sheet; a sketch where the browser cannot draw one. Everything can be done without either. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { canDraw } from '../map/webgl';
import type { CityFacts } from '../protocol/reads';
import type { End } from './draft';
import type { Point } from './glide';
import type { Picture } from './map_content';
import type { RideMap } from './ride_map';
import { Sketch } from './sketch';
import { text } from './text';

/** The pin in the middle of the map, and what it sets. */
export interface Aim {
  end: End;
  at?: Point | undefined;
  onMoved: (lat: number, lng: number) => void;
}

interface MapPanelProps {
  city: CityFacts;
  picture: Picture;
  aim?: Aim;
  /** When this changes all of the picture is brought into view. */
  fit?: string;
}

const drawable = canDraw();

export function MapPanel({ city, picture, aim, fit }: MapPanelProps) {
  const container = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<RideMap | null>(null);
  const [failed, setFailed] = useState(!drawable);
  const moved = useRef(aim?.onMoved);
  moved.current = aim?.onMoved;

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
    const shown = { ...picture };
    if (aim !== undefined) delete shown[aim.end];
    map.show(shown);
    if (fit !== undefined) map.fit(fit);
  });
  const [lat, lng] = [aim?.at?.lat, aim?.at?.lng];
  useEffect(() => {
    if (map !== null && lat !== undefined && lng !== undefined) map.center({ lat, lng });
  }, [map, lat, lng]);

  if (failed) return <Sketch city={city} picture={picture} />;
  return (
    <div class="map">
      <div ref={container} class="map-ground" />
      {map === null && (
        <p class="map-note quiet small" role="status">
          {text('map_loading')}
        </p>
      )}
      {map !== null && aim !== undefined && (
        <>
          <span class={`pin ${aim.end}`} aria-hidden="true" />
          <p class="map-note small">
            {text('pin_sets', { what: text(aim.end === 'pickup' ? 'pin_pickup' : 'pin_dropoff') })}
          </p>
        </>
      )}
    </div>
  );
}
