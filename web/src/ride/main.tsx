import { render } from 'preact';
import '../ui/ui.css';
import './frame.css';
import './map.css';
import './book.css';
import './trip.css';
import './pay.css';
import { App } from './app';
import { listen } from './navigation';

listen();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
