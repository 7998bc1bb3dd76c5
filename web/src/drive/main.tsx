import { effect } from '@preact/signals';
import { render } from 'preact';
import '../ui/ui.css';
import { App } from './app';
import './drive.css';
import './pay.css';
import { text } from './i18n';

effect(() => {
  document.title = text('app.title');
});
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
if (import.meta.env.PROD && 'serviceWorker' in navigator) void navigator.serviceWorker.register('/drive/sw.js');
