// Generated from the structs in dispatch/ by `python -m dispatch.codegen.typescript`; do not edit.

export const ERRORS = {
  "1000": {
    "name": "MALFORMED",
    "text": "The message cannot be decoded.",
    "retryable": false
  },
  "1001": {
    "name": "INVALID_FIELD",
    "text": "A field has an invalid value.",
    "retryable": false
  },
  "1002": {
    "name": "UNKNOWN_MESSAGE",
    "text": "Unknown message.",
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
    "text": "This command id was already used with different content.",
    "retryable": false
  },
  "1006": {
    "name": "HELLO_EXPECTED",
    "text": "The first message must be hello with a token.",
    "retryable": false
  },
  "1007": {
    "name": "FIX_FROM_FUTURE",
    "text": "The time of the position is in the future.",
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
    "text": "This belongs to another user.",
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
    "text": "Unknown vehicle.",
    "retryable": false
  },
  "3001": {
    "name": "VEHICLE_ILLEGAL_MOVE",
    "text": "This is not possible in the vehicle's current state.",
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
    "text": "The vehicle is not available.",
    "retryable": false
  },
  "3005": {
    "name": "VEHICLE_STALE",
    "text": "The vehicle's last position is too old.",
    "retryable": true
  },
  "3006": {
    "name": "VEHICLE_BUSY",
    "text": "The vehicle has a trip. Finish or cancel it first.",
    "retryable": false
  },
  "3007": {
    "name": "NO_METER",
    "text": "The vehicle has no metered ride in progress.",
    "retryable": false
  },
  "3008": {
    "name": "OTHER_DRIVER",
    "text": "Another driver is on shift in this vehicle.",
    "retryable": false
  },
  "4000": {
    "name": "UNKNOWN_TRIP",
    "text": "Unknown trip.",
    "retryable": false
  },
  "4001": {
    "name": "TRIP_ILLEGAL_MOVE",
    "text": "This is not possible in the trip's current state.",
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
    "text": "This trip already exists.",
    "retryable": false
  },
  "4005": {
    "name": "PICKUP_IN_PAST",
    "text": "The pick-up time is too soon or in the past.",
    "retryable": false
  },
  "4006": {
    "name": "OUT_OF_AREA",
    "text": "The place is outside the service area.",
    "retryable": false
  },
  "4007": {
    "name": "TRIP_CHANGED",
    "text": "The trip has changed in the meantime.",
    "retryable": true
  },
  "4008": {
    "name": "VEHICLE_UNSUITABLE",
    "text": "The vehicle does not meet the trip's requirements.",
    "retryable": false
  },
  "4009": {
    "name": "ALREADY_RATED",
    "text": "The trip has already been rated.",
    "retryable": false
  },
  "4010": {
    "name": "FEE_AGREED_TOO_LOW",
    "text": "Cancelling now costs a fee. Agree to it first.",
    "retryable": false
  },
  "4011": {
    "name": "UNKNOWN_ALARM",
    "text": "Unknown alarm.",
    "retryable": false
  },
  "5000": {
    "name": "NO_TRIP_TO_PAY",
    "text": "No fare is due here.",
    "retryable": false
  },
  "5001": {
    "name": "PAYMENT_OPEN",
    "text": "A payment of this fare is already open.",
    "retryable": true
  },
  "5002": {
    "name": "ALREADY_PAID",
    "text": "The fare has already been paid.",
    "retryable": false
  },
  "5003": {
    "name": "PAYMENT_REFUSED",
    "text": "The payment was refused.",
    "retryable": false
  },
  "5004": {
    "name": "PAYMENT_UNCERTAIN",
    "text": "Alipay's answer is unclear. Please wait.",
    "retryable": true
  },
  "5005": {
    "name": "PAYMENT_ILLEGAL_MOVE",
    "text": "This is not possible in the payment's current state.",
    "retryable": false
  },
  "5006": {
    "name": "NOT_PAID",
    "text": "There is no payment to refund.",
    "retryable": false
  },
  "5007": {
    "name": "REFUND_OPEN",
    "text": "A refund of this fare is already in progress.",
    "retryable": true
  },
  "5008": {
    "name": "REFUND_TOO_MUCH",
    "text": "The refund exceeds the remaining amount.",
    "retryable": false
  },
  "5009": {
    "name": "FARE_NOT_AGREED",
    "text": "The fare is not agreed yet: the passenger types it and the driver confirms it.",
    "retryable": true
  },
  "5010": {
    "name": "FARE_METERED",
    "text": "The vehicle has a meter; its fare cannot be typed.",
    "retryable": false
  },
  "6000": {
    "name": "BUSY",
    "text": "The system is busy. Try again.",
    "retryable": true
  },
  "6001": {
    "name": "IN_PROGRESS",
    "text": "The command is still in progress. Try again with the same id.",
    "retryable": true
  },
  "6002": {
    "name": "UNAVAILABLE",
    "text": "The system is temporarily unavailable. Try again with the same id.",
    "retryable": true
  },
  "6003": {
    "name": "SHUTTING_DOWN",
    "text": "The server is restarting. Connect again.",
    "retryable": true
  },
  "6004": {
    "name": "INTERNAL",
    "text": "An internal error occurred. Try again with the same id.",
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
    "text": "The client reads too slowly.",
    "reconnect": true
  },
  "4002": {
    "name": "LOST_HOST",
    "text": "The server lost its connection to an internal component.",
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
    "text": "Replaced by a newer connection of the same driver or device.",
    "reconnect": false
  },
  "4503": {
    "name": "PROTOCOL",
    "text": "Protocol violation: message not allowed in this state.",
    "reconnect": false
  },
  "4504": {
    "name": "TOO_LARGE",
    "text": "A message was too large.",
    "reconnect": false
  },
  "4505": {
    "name": "FLOOD",
    "text": "The client sent too many messages.",
    "reconnect": false
  },
  "4506": {
    "name": "HELLO_TIMEOUT",
    "text": "No hello within the time limit.",
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
