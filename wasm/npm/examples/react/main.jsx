import { sudoku } from "@hrmgo/hrm/models";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

/** The model, once it is loaded; it is disposed with the component. */
function useModel() {
  const [model, setModel] = useState(null);
  useEffect(() => {
    const stop = new AbortController();
    let loaded = null;
    sudoku({ signal: stop.signal }).then((m) => {
      loaded = m;
      if (stop.signal.aborted) m.dispose();
      else setModel(m);
    }, (error) => { if (error.code !== "aborted") throw error; });
    return () => {
      stop.abort();
      loaded?.dispose();
    };
  }, []);
  return model;
}

function Sudoku() {
  const model = useModel();
  const [puzzle, setPuzzle] = useState("53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79");
  const [answer, setAnswer] = useState("");
  const solve = async () => {
    try {
      const { text, valid, reason } = await model.solve(puzzle, { onStep: (s) => setAnswer(s.text) });
      setAnswer(`${text}\n${valid ? "solved" : reason}`);
    } catch (error) {
      setAnswer(error.message);
    }
  };
  return (
    <>
      <p><label>Sudoku <input id="puzzle" size={81} value={puzzle} onChange={(e) => setPuzzle(e.target.value)} /></label></p>
      <p><button id="solve" disabled={!model} onClick={solve}>Solve</button></p>
      <pre id="answer" aria-live="polite">{answer || (model ? `ready on ${model.device.name}` : "loading")}</pre>
    </>
  );
}

createRoot(document.getElementById("app")).render(<Sudoku />);
