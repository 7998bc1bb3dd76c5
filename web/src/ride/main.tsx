import { render } from 'preact';
import { openMap } from '../map/basemap';
import { Preferences } from '../shell/controls';
import '../shell/shell.css';

const root = document.getElementById('app');
if (root !== null) render(<Preferences />, root);
void openMap;
