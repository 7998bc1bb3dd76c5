// Generated from the structs in dispatch/ by `python -m dispatch.codegen.typescript`; do not edit.

export const ERRORS = {
  "1000": {
    "name": "MALFORMED",
    "text": "The message cannot be read.",
    "retryable": false
  },
  "1001": {
    "name": "INVALID_FIELD",
    "text": "A field has a value that is not allowed.",
    "retryable": false
  },
  "1002": {
    "name": "UNKNOWN_MESSAGE",
    "text": "There is no such message.",
    "retryable": false
  },
  "1003": {
    "name": "TOO_LARGE",
    "text": "The message is too large.",
    "retryable": false
  },
  "1004": {
    "name": "TOO_MANY_MESSAGES",
    "text": "Too many messages. Slow down.",
    "retryable": true
  },
  "1005": {
    "name": "COMMAND_ID_REUSED",
    "text": "This command id was used with another body.",
    "retryable": false
  },
  "1006": {
    "name": "HELLO_EXPECTED",
    "text": "The first message has to be a hello with a token.",
    "retryable": false
  },
  "1007": {
    "name": "FIX_FROM_FUTURE",
    "text": "The position's time lies in the future.",
    "retryable": false
  },
  "2000": {
    "name": "BAD_TOKEN",
    "text": "The token is not valid.",
    "retryable": false
  },
  "2001": {
    "name": "TOKEN_EXPIRED",
    "text": "The token has expired. Sign in again.",
    "retryable": false
  },
  "2002": {
    "name": "NOT_ALLOWED",
    "text": "Your role may not do this.",
    "retryable": false
  },
  "2003": {
    "name": "NOT_YOURS",
    "text": "This belongs to somebody else.",
    "retryable": false
  },
  "2004": {
    "name": "WRONG_CREDENTIALS",
    "text": "The number, code or password is wrong.",
    "retryable": false
  },
  "2005": {
    "name": "TOO_MANY_ATTEMPTS",
    "text": "Too many attempts. Try again later.",
    "retryable": true
  },
  "2006": {
    "name": "TOKEN_REVOKED",
    "text": "You were signed out. Sign in again.",
    "retryable": false
  },
  "3000": {
    "name": "UNKNOWN_VEHICLE",
    "text": "There is no such vehicle.",
    "retryable": false
  },
  "3001": {
    "name": "VEHICLE_ILLEGAL_MOVE",
    "text": "The vehicle cannot do this in its present state.",
    "retryable": false
  },
  "3002": {
    "name": "OFFER_GONE",
    "text": "The offer is no longer open.",
    "retryable": false
  },
  "3003": {
    "name": "OFFER_OTHER_VEHICLE",
    "text": "The offer was made to another vehicle.",
    "retryable": false
  },
  "3004": {
    "name": "VEHICLE_NOT_FREE",
    "text": "The vehicle is not free.",
    "retryable": false
  },
  "3005": {
    "name": "VEHICLE_STALE",
    "text": "The vehicle has not been heard for too long.",
    "retryable": true
  },
  "3006": {
    "name": "VEHICLE_BUSY",
    "text": "The vehicle has a trip. Finish or cancel it first.",
    "retryable": false
  },
  "3007": {
    "name": "NO_METER",
    "text": "The vehicle has no trip that is metered.",
    "retryable": false
  },
  "3008": {
    "name": "OTHER_DRIVER",
    "text": "Another driver is on shift in this vehicle.",
    "retryable": false
  },
  "4000": {
    "name": "UNKNOWN_TRIP",
    "text": "There is no such trip.",
    "retryable": false
  },
  "4001": {
    "name": "TRIP_ILLEGAL_MOVE",
    "text": "The trip cannot do this in its present state.",
    "retryable": false
  },
  "4002": {
    "name": "WRONG_RIDE_CODE",
    "text": "The ride code is wrong. Ask the passenger again.",
    "retryable": false
  },
  "4003": {
    "name": "TRIP_ENDED",
    "text": "The trip has ended.",
    "retryable": false
  },
  "4004": {
    "name": "TRIP_EXISTS",
    "text": "There is such a trip already.",
    "retryable": false
  },
  "4005": {
    "name": "PICKUP_IN_PAST",
    "text": "The pick-up time is too near or in the past.",
    "retryable": false
  },
  "4006": {
    "name": "OUT_OF_AREA",
    "text": "The place is outside the area that is served.",
    "retryable": false
  },
  "4007": {
    "name": "TRIP_CHANGED",
    "text": "The trip has changed meanwhile.",
    "retryable": true
  },
  "4008": {
    "name": "VEHICLE_UNSUITABLE",
    "text": "The vehicle does not suit the trip.",
    "retryable": false
  },
  "4009": {
    "name": "ALREADY_RATED",
    "text": "The trip has been rated.",
    "retryable": false
  },
  "4010": {
    "name": "FEE_AGREED_TOO_LOW",
    "text": "Cancelling now costs a fee. Agree to it first.",
    "retryable": false
  },
  "4011": {
    "name": "UNKNOWN_ALARM",
    "text": "There is no such alarm.",
    "retryable": false
  },
  "5000": {
    "name": "NO_TRIP_TO_PAY",
    "text": "There is no fare to be paid here.",
    "retryable": false
  },
  "5001": {
    "name": "PAYMENT_OPEN",
    "text": "A payment of this fare is open already.",
    "retryable": true
  },
  "5002": {
    "name": "ALREADY_PAID",
    "text": "The fare is paid.",
    "retryable": false
  },
  "5003": {
    "name": "PAYMENT_REFUSED",
    "text": "The payment was refused.",
    "retryable": false
  },
  "5004": {
    "name": "PAYMENT_UNCERTAIN",
    "text": "Alipay did not answer clearly. Please wait.",
    "retryable": true
  },
  "5005": {
    "name": "PAYMENT_ILLEGAL_MOVE",
    "text": "The payment cannot do this in its present state.",
    "retryable": false
  },
  "5006": {
    "name": "NOT_PAID",
    "text": "Nothing was paid that could be given back.",
    "retryable": false
  },
  "5007": {
    "name": "REFUND_OPEN",
    "text": "A refund of this fare is under way already.",
    "retryable": true
  },
  "5008": {
    "name": "REFUND_TOO_MUCH",
    "text": "More than is left of the fare cannot be given back.",
    "retryable": false
  },
  "5009": {
    "name": "FARE_NOT_AGREED",
    "text": "The fare has to be agreed first: type it, and let the driver confirm.",
    "retryable": true
  },
  "5010": {
    "name": "FARE_METERED",
    "text": "The car has a meter: its fare is not typed.",
    "retryable": false
  },
  "6000": {
    "name": "BUSY",
    "text": "The system is busy. Try again.",
    "retryable": true
  },
  "6001": {
    "name": "IN_PROGRESS",
    "text": "The command is still at work. Ask again with the same id.",
    "retryable": true
  },
  "6002": {
    "name": "UNAVAILABLE",
    "text": "The system cannot answer now. Ask again with the same id.",
    "retryable": true
  },
  "6003": {
    "name": "SHUTTING_DOWN",
    "text": "The server is restarting. Connect again.",
    "retryable": true
  },
  "6004": {
    "name": "INTERNAL",
    "text": "Something went wrong here. Ask again with the same id.",
    "retryable": true
  }
} as const;

export const CLOSE_CODES = {
  "4000": {
    "name": "RESTARTING",
    "text": "The server is restarting.",
    "reconnect": true
  },
  "4001": {
    "name": "SLOW",
    "text": "The client does not read fast enough.",
    "reconnect": true
  },
  "4002": {
    "name": "LOST_HOST",
    "text": "The server lost touch with its own parts.",
    "reconnect": true
  },
  "4500": {
    "name": "BAD_TOKEN",
    "text": "The token is not valid.",
    "reconnect": false
  },
  "4501": {
    "name": "TOKEN_EXPIRED",
    "text": "The token has expired. Sign in again.",
    "reconnect": false
  },
  "4502": {
    "name": "REPLACED",
    "text": "A newer connection of the same driver took over.",
    "reconnect": false
  },
  "4503": {
    "name": "PROTOCOL",
    "text": "The client sent what it may not.",
    "reconnect": false
  },
  "4504": {
    "name": "TOO_LARGE",
    "text": "A message was too large.",
    "reconnect": false
  },
  "4505": {
    "name": "FLOOD",
    "text": "The client sent far too many messages.",
    "reconnect": false
  },
  "4506": {
    "name": "HELLO_TIMEOUT",
    "text": "No hello came.",
    "reconnect": false
  },
  "4507": {
    "name": "REVOKED",
    "text": "The client was signed out.",
    "reconnect": false
  }
} as const;

export const MAY_SEND = {
  "hello": [
    "device",
    "dispatcher",
    "driver",
    "guest",
    "passenger"
  ],
  "attach": [
    "device",
    "dispatcher",
    "driver",
    "guest",
    "passenger"
  ],
  "detach": [
    "device",
    "dispatcher",
    "driver",
    "guest",
    "passenger"
  ],
  "ping": [
    "device",
    "dispatcher",
    "driver",
    "guest",
    "passenger"
  ],
  "online": [
    "driver"
  ],
  "offline": [
    "driver"
  ],
  "break": [
    "driver"
  ],
  "fix": [
    "device",
    "driver"
  ],
  "fixes": [
    "device",
    "driver"
  ],
  "accept": [
    "driver"
  ],
  "decline": [
    "driver"
  ],
  "arrived": [
    "driver"
  ],
  "start": [
    "driver"
  ],
  "hail": [
    "driver"
  ],
  "meter": [
    "device",
    "driver"
  ],
  "finish": [
    "driver"
  ],
  "give_back": [
    "driver"
  ],
  "hired": [
    "device"
  ],
  "vacant": [
    "device"
  ],
  "collect": [
    "driver"
  ],
  "agree_fare": [
    "driver"
  ],
  "word": [
    "device",
    "driver",
    "passenger"
  ],
  "today": [
    "device",
    "driver"
  ],
  "estimate": [
    "dispatcher",
    "passenger"
  ],
  "route": [
    "dispatcher",
    "driver",
    "passenger"
  ],
  "request": [
    "passenger"
  ],
  "cancel": [
    "dispatcher",
    "passenger"
  ],
  "pay": [
    "passenger"
  ],
  "stop_pay": [
    "dispatcher",
    "driver",
    "passenger"
  ],
  "rate": [
    "passenger"
  ],
  "watch": [
    "dispatcher"
  ],
  "book": [
    "dispatcher"
  ],
  "assign": [
    "dispatcher"
  ],
  "take_out": [
    "dispatcher"
  ],
  "put_back": [
    "dispatcher"
  ],
  "broadcast": [
    "dispatcher"
  ],
  "settle_alarm": [
    "dispatcher"
  ],
  "refund": [
    "dispatcher"
  ],
  "settle": [
    "dispatcher"
  ]
} as const;

export const VEHICLE_STATES = [
  "offline",
  "idle",
  "offered",
  "to_pickup",
  "at_pickup",
  "on_trip",
  "break",
  "out_of_service"
] as const;

export const TRIP_STATES = [
  "reserved",
  "matching",
  "offered",
  "assigned",
  "arrived",
  "in_progress",
  "fare_due",
  "paying",
  "payment_unknown",
  "paid",
  "part_refunded",
  "refunded",
  "settled_otherwise",
  "cancelled",
  "unserved"
] as const;

export const PAYMENT_STATES = [
  "creating",
  "waiting",
  "unknown",
  "failed",
  "paid",
  "part_refunded",
  "refunded"
] as const;

export const MAP_STATES = [
  "offline",
  "idle",
  "offered",
  "to_pickup",
  "at_pickup",
  "on_trip",
  "break",
  "out_of_service"
] as const;

export const MAP_HALF_BOX_DEG = 0.03;
