/** A place as people call it, and a press away from the phone's own navigation. */

import type { Place } from '../protocol/messages';
import { language } from '../ui/language';
import { text } from './texts';

export function placeName(place: Place): string {
  return place.text || `${text('offer.on_map')} ${place.lat.toFixed(5)}, ${place.lng.toFixed(5)}`;
}

/** To a tenth of a metre. */
function degrees(place: Place): string {
  return `${place.lat.toFixed(6)},${place.lng.toFixed(6)}`;
}

/** Addresses that only a press opens; the page itself asks nobody. */
function webAddress(place: Place): string {
  if (language.value === 'zh') {
    const query = new URLSearchParams({
      to: `${place.lng.toFixed(6)},${place.lat.toFixed(6)},${placeName(place)}`,
      mode: 'car',
      coordinate: 'wgs84',
      callnative: '1',
    });
    return `https://uri.amap.com/navigation?${query}`;
  }
  const query = new URLSearchParams({ api: '1', destination: degrees(place), travelmode: 'driving' });
  return `https://www.google.com/maps/dir/?${query}`;
}

export function NavigateLinks({ place }: { place: Place }) {
  const point = degrees(place);
  return (
    <span class="navigate">
      <a class="button" href={`geo:${point}?q=${point}(${encodeURIComponent(placeName(place))})`}>
        {text('way.navigate')}
      </a>
      <a class="button" href={webAddress(place)} target="_blank" rel="noopener noreferrer">
        {text('way.web')}
      </a>
    </span>
  );
}
