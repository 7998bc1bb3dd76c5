import { render } from 'preact';
import { frameTimer } from '../map/frame_timer';
import '../ui/ui.css';
import './console.css';
import { App } from './app';

void frameTimer; // before the socket and the map, which it measures
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
