/** Links that open a place in a navigation app. Nothing is requested until the driver presses one. */
import type { Place } from '../protocol/messages';
import { language } from '../ui/i18n/language';
import { placeText } from '../ui/place_search';
import { text } from './i18n';

/** Latitude and longitude, to a tenth of a metre. */
function degrees(place: Place): string {
  return `${place.lat.toFixed(6)},${place.lng.toFixed(6)}`;
}

function webUrl(place: Place): string {
  if (language.value === 'zh') {
    const query = new URLSearchParams({
      to: `${place.lng.toFixed(6)},${place.lat.toFixed(6)},${placeText(place)}`,
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
      <a class="button" href={`geo:${point}?q=${point}(${encodeURIComponent(placeText(place))})`}>
        {text('route.navigate')}
      </a>
      <a class="button" href={webUrl(place)} target="_blank" rel="noopener noreferrer">
        {text('route.web')}
      </a>
    </span>
  );
}
