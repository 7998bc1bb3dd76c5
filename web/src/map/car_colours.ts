/** The colour of each state of a car, for light and dark themes, in the order of `MAP_STATES`. */
import type { Theme } from '../ui/theme';
import type { Palette } from './car_source';

export const CAR_COLOURS: Record<Theme, Palette> = {
  light: [
    [128, 134, 145], // offline
    [20, 138, 74], // idle
    [214, 137, 0], // offered
    [24, 100, 214], // to_pickup
    [126, 63, 191], // at_pickup
    [33, 38, 48], // on_trip
    [138, 109, 82], // break
    [196, 43, 33], // out_of_service
  ],
  dark: [
    [108, 117, 131],
    [74, 210, 134],
    [255, 193, 61],
    [104, 170, 255],
    [197, 148, 255],
    [232, 237, 244],
    [190, 160, 130],
    [255, 117, 105],
  ],
};

export function css(colour: readonly [number, number, number] | undefined): string {
  return colour === undefined ? 'transparent' : `rgb(${colour[0]} ${colour[1]} ${colour[2]})`;
}
