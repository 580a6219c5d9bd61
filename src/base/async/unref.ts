/** Lets a process end while this timer waits, where timers keep processes alive. */
export const unref = (timer: { unref?: () => unknown }): void => {
  timer.unref?.();
};
