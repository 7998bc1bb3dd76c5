/** A sketch of the ride, drawn without WebGL: the streets, both ends, the car and a scale. */
import { useEffect, useState } from 'preact/hooks';
import { metersBetween, type Point } from '../map/geometry';
import type { CityFacts } from '../protocol/reads';
import { distance } from '../ui/formats';
import { text } from './i18n';
import { barMeters, type MapContent, pointsOf, type SketchFrame, SketchProjection } from './map_content';

const FRAME: SketchFrame = { width: 400, height: 240, margin: 44 };

export function Sketch({ city, content }: { city: CityFacts; content: MapContent }) {
  const streets = useStreets();
  const points = pointsOf(content);
  const [centerLat, centerLng] = city.center;
  const projection = new SketchProjection(points.length > 0 ? points : [{ lat: centerLat, lng: centerLng }], FRAME);
  const path = (line: readonly Point[]) => `M${line.map((each) => projection.place(each).join(' ')).join('L')}`;
  const bar = barMeters(FRAME.width / 3 / projection.scale);
  const near = streets.filter((line) => projection.touches(line));
  const { car, pickup, dropoff, route } = content;
  const away = car !== undefined && pickup !== undefined && dropoff === undefined ? metersBetween(car, pickup) : null;
  return (
    <figure class="sketch">
      <svg viewBox={`0 0 ${FRAME.width} ${FRAME.height}`} role="img" aria-label={text('picture_label')}>
        <path class="streets" d={near.map(path).join('')} />
        {route !== undefined && <path class="way" d={path(route.map(([lat, lng]) => ({ lat, lng })))} />}
        {pickup !== undefined && <Spot kind="pickup" at={projection.place(pickup)} name={text('legend_pickup')} />}
        {dropoff !== undefined && <Spot kind="dropoff" at={projection.place(dropoff)} name={text('legend_dropoff')} />}
        {car !== undefined && <Spot kind="car" at={projection.place(car)} name={text('legend_car')} />}
        <path class="bar" d={`M12 ${FRAME.height - 12}h${bar * projection.scale}`} />
        <text x="12" y={FRAME.height - 18}>
          {distance(bar)}
        </text>
      </svg>
      <figcaption class="small quiet">
        {away === null ? text('picture_why') : `${text('legend_car')}: ${text('away', { distance: distance(away) })}`}
      </figcaption>
    </figure>
  );
}

function Spot({ kind, at: [x, y], name }: { kind: string; at: [number, number]; name: string }) {
  return (
    <g class={`spot ${kind}`} transform={`translate(${x} ${y})`}>
      <circle r="7" />
      <text y="-12" text-anchor="middle">
        {name}
      </text>
    </g>
  );
}

interface Streets {
  features: { geometry: { type: string; coordinates: number[][] | number[][][] } }[];
}

let kept: Point[][] | null = null;

/** The streets of the city, loaded once; the sketch has no streets if that fails. */
function useStreets(): Point[][] {
  const [streets, setStreets] = useState<Point[][]>(kept ?? []);
  useEffect(() => {
    if (kept !== null) return;
    fetch('/v1/city/streets')
      .then((answer) => (answer.ok ? (answer.json() as Promise<Streets>) : { features: [] }))
      .then((read) => {
        kept = read.features.flatMap((each) => linesOf(each.geometry));
        setStreets(kept);
      })
      .catch(() => undefined);
  }, []);
  return streets;
}

function linesOf({ type, coordinates }: Streets['features'][number]['geometry']): Point[][] {
  const lines = type === 'MultiLineString' ? (coordinates as number[][][]) : [coordinates as number[][]];
  return lines.map((line) => line.map(([lng, lat]) => ({ lat: lat ?? 0, lng: lng ?? 0 })));
}
