package fathom.lab.preflight;

import fathom.data.Batch;
import fathom.engine.Engine;
import fathom.engine.Member;
import fathom.engine.Task;
