import { createApp } from "vue";
import Sudoku from "./Sudoku.vue";

createApp(Sudoku).mount("#app");
