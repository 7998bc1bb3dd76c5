import { expect, test } from 'vitest';
import { viewOf } from './navigation';

test('each view has its fragment', () => {
  expect(viewOf('')).toEqual({ name: 'book' });
  expect(viewOf('#history')).toEqual({ name: 'history' });
  expect(viewOf('#trip=tabc')).toEqual({ name: 'trip', trip: 'tabc' });
  expect(viewOf('#receipt=tabc')).toEqual({ name: 'receipt', trip: 'tabc' });
  expect(viewOf('#share=ey.J-_.x')).toEqual({ name: 'share', token: 'ey.J-_.x' });
  expect(viewOf('#alipay=s1.code')).toEqual({ name: 'alipay', code: 's1.code' });
  expect(viewOf('#alipay_error=2004')).toEqual({ name: 'alipay_error', code: 2004 });
});

test('what is no view is the first one', () => {
  expect(viewOf('#trip=<script>')).toEqual({ name: 'book' });
  expect(viewOf('#else')).toEqual({ name: 'book' });
});
