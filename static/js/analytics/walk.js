// Leads the keyboard from point to point of a chart.

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export class Walk {
  // `across`: whether rows of the table lie side by side, as days do.
  constructor({ rows, series, across }) {
    Object.assign(this, { rows, series, across, row: -1, number: 0 });
  }

  // Returns whether the key meant a point.
  go(key) {
    if (key === "Home" || key === "End") this.row = key === "Home" ? 0 : this.rows - 1;
    else if (this.row < 0 && key in MOVES) this.row = 0;
    else if (key in MOVES) {
      const [down, right] = MOVES[key];
      const [row, number] = this.across ? [right, down] : [down, right];
      this.row = Math.min(Math.max(this.row + row, 0), this.rows - 1);
      this.number = Math.min(Math.max(this.number + number, 0), this.series - 1);
    } else return false;
    return true;
  }
}
