import { sudoku } from "@hrmgo/hrm/models";

const $ = (id) => document.getElementById(id);
const show = (text) => { $("answer").textContent = text; };

async function main() {
  const model = await sudoku();
  show(`ready on ${model.device.name}`);
  $("solve").onclick = async () => {
    try {
      for await (const { text, segment, solution } of model.steps($("puzzle").value)) {
        show(`look ${segment}: ${text}${solution ? `\n${solution.valid ? "solved" : solution.reason}` : ""}`);
      }
    } catch (error) {
      show(error.message);
    }
  };
}

main().catch((error) => show(error.message));
