import { render } from 'preact';
import '../shell/shell.css';
import './ride.css';
import { App } from './app';
import { listen } from './route';

listen();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
