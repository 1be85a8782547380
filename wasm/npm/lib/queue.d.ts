import type { HRM } from "./index.js";

/** What is used of a connection of @nats-io/nats-core, as `wsconnect` makes it. */
export interface QueueConnection {
  request(subject: string, payload?: string, options?: { timeout: number; noMux?: boolean }): Promise<QueueMessage>;
  publish(subject: string, payload?: string): void;
  isClosed(): boolean;
}
export interface QueueMessage {
  readonly reply?: string;
  readonly headers?: { readonly code: number };
  json<T = any>(): T;
  respond(payload?: string): boolean;
}

export interface QueueOptions {
  /** Of hrm-scale's --queue (default "hrm"). */
  queue?: string;
  /** Its own in hrm-scale status (default web. and something random). */
  name?: string;
  /** As the native workers have it: answers are then the same. */
  restarts?: number;
  /** How often a batch is taken up before it is given up (default 50). */
  tries?: number;
  /** Batches at once (default 2). */
  inFlight?: number;
  /** Called when something happened; error says what failed, which is tried again. */
  onChange?: (state: QueueState, error?: Error) => void;
}

export interface QueueState {
  name: string;
  batches: number; // answered
  puzzles: number; // answered
  valid: number; // of them
  failed: number; // requests of the queue, or batches
  returned: number; // batches, unanswered
  thinking: number; // batches
  pauses: string[]; // why it does nothing
}

/** Answers batches of the queue of hrm-scale, beside its native workers. */
export declare class QueueWorker {
  constructor(connection: QueueConnection, model: HRM, options?: QueueOptions);
  readonly state: QueueState;
  /** Answers batches until stop is called or the connection is closed. */
  run(): Promise<void>;
  /** Gives back what it thinks about; run then ends. */
  stop(): void;
  /** Takes nothing, and gives back what it thinks about, until resume is called for every reason. */
  pause(reason: string): void;
  resume(reason: string): void;
}

/** Pauses a worker while the tab is hidden, or the machine runs on its battery. Resolves with what ends that. */
export declare function pauseWhenAway(worker: QueueWorker): Promise<() => void>;
