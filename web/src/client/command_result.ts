/** The result of a command as a return value or an exception, and the commands that more than one app gives. */
import type { Accepted, FareView, MoneyView, Place } from '../protocol/messages';
import type { Connection } from './connection';
import { ApiError } from './http';
import type { CommandResult } from './session';

/** Throws `ApiError` if the command was rejected. */
export async function accepted(answer: Promise<CommandResult>): Promise<Accepted> {
  const result = await answer;
  if (result.ok) return result.accepted;
  const { code, text, retryable, field } = result.rejected;
  throw new ApiError(code, text, retryable, field);
}

export interface Estimate {
  fare: FareView;
  seconds: number;
  meters: number;
  /** Time until the nearest free car is at the pick-up; null if no car is near. */
  pickup_s?: number | null;
}

export interface Route {
  /** Latitude and longitude. */
  points: [number, number][];
  meters: number;
  seconds: number;
  /** False for a straight line, where no route by road was found. */
  by_road: boolean;
}

/** The estimated fare of a ride now, or at a city time. Throws `ApiError`. */
export async function estimate(connection: Connection, pickup: Place, dropoff: Place, at?: number): Promise<Estimate> {
  const places = at === undefined ? { pickup, dropoff } : { pickup, dropoff, at };
  return (await accepted(connection.command({ t: 'estimate', ...places }))).result as unknown as Estimate;
}

/** Throws `ApiError`. */
export async function route(connection: Connection, start: Place, end: Place): Promise<Route> {
  return (await accepted(connection.command({ t: 'route', start, end }))).result as unknown as Route;
}

const FEE_NOT_AGREED = 4010;

/** Cancels a trip if the fee is at most `feeUpTo` minor units; else returns the fee to agree on. Throws `ApiError`. */
export async function cancelTrip(
  connection: Connection,
  trip: string,
  reason: string,
  feeUpTo: number,
): Promise<MoneyView | null> {
  const command = connection.command({ t: 'cancel', trip, reason, fee_up_to: feeUpTo });
  const result = await command;
  if (!result.ok && result.rejected.code === FEE_NOT_AGREED && result.rejected.amount != null) {
    return result.rejected.amount;
  }
  await accepted(command);
  return null;
}
