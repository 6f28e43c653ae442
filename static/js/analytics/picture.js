// Saves a chart as a PNG file, twice as fine as on the screen, with its title above.

const SCALE = 2;
const HEAD = 40;

export async function save(svg, { title, ground, ink, font }) {
  const { width, height } = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const source = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = width * SCALE;
    canvas.height = (height + HEAD) * SCALE;
    const pen = canvas.getContext("2d");
    pen.scale(SCALE, SCALE);
    pen.fillStyle = ground;
    pen.fillRect(0, 0, width, height + HEAD);
    pen.fillStyle = ink;
    pen.font = `600 16px ${font}`;
    pen.fillText(title, 8, 26, width - 16);
    pen.drawImage(image, 0, HEAD, width, height);
    offer(await new Promise((done) => { canvas.toBlob(done, "image/png"); }), title);
  } finally {
    URL.revokeObjectURL(source);
  }
}

function offer(blob, title) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "chart"}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
