import { render } from 'preact';
import '../shell/shell.css';
import './frame.css';
import './map.css';
import './book.css';
import './trip.css';
import './pay.css';
import { App } from './app';
import { listen } from './route';

listen();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
