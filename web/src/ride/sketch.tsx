/** A plain picture of the ride, drawn without WebGL: streets around, both ends, the car, a scale. */
import { useEffect, useState } from 'preact/hooks';
import type { CityFacts } from '../protocol/reads';
import { distance } from '../ui/formats';
import { metersApart, type Point } from './glide';
import { barMeters, type Frame, type Picture, pointsOf, Sheet } from './map_content';
import { text } from './text';

const FRAME: Frame = { width: 400, height: 240, margin: 44 };

export function Sketch({ city, picture }: { city: CityFacts; picture: Picture }) {
  const streets = useStreets();
  const points = pointsOf(picture);
  const [centerLat, centerLng] = city.center;
  const sheet = new Sheet(points.length > 0 ? points : [{ lat: centerLat, lng: centerLng }], FRAME);
  const path = (line: readonly Point[]) => `M${line.map((each) => sheet.place(each).join(' ')).join('L')}`;
  const bar = barMeters(FRAME.width / 3 / sheet.scale);
  const near = streets.filter((line) => sheet.touches(line));
  const { car, pickup, dropoff, line } = picture;
  const away = car !== undefined && pickup !== undefined && dropoff === undefined ? metersApart(car, pickup) : null;
  return (
    <figure class="sketch">
      <svg viewBox={`0 0 ${FRAME.width} ${FRAME.height}`} role="img" aria-label={text('picture_label')}>
        <path class="streets" d={near.map(path).join('')} />
        {line !== undefined && <path class="way" d={path(line.map(([lat, lng]) => ({ lat, lng })))} />}
        {pickup !== undefined && <Spot kind="pickup" at={sheet.place(pickup)} name={text('legend_pickup')} />}
        {dropoff !== undefined && <Spot kind="dropoff" at={sheet.place(dropoff)} name={text('legend_dropoff')} />}
        {car !== undefined && <Spot kind="car" at={sheet.place(car)} name={text('legend_car')} />}
        <path class="bar" d={`M12 ${FRAME.height - 12}h${bar * sheet.scale}`} />
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

/** The city's streets, read once; without them the sketch has to do. */
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
