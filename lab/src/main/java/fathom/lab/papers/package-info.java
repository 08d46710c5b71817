/** Published results of deep networks, computed again and set beside what the papers print. */
package fathom.lab.papers;
