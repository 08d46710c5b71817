package fathom.engine;

/**
 * One thread's part in a program that all members of an engine run together. Work is cut into a
 * number of blocks that depends on shapes alone; a member takes a contiguous run of them.
 */
public final class Member {
  private final Crew crew;
  private final int index;
  private final int count;

  Member(Crew crew, int index, int count) {
    this.crew = crew;
    this.index = index;
    this.count = count;
  }

  /** Returns this member's number, from 0. */
  public int index() {
    return index;
  }

  /** Returns the number of members that run the program. */
  public int count() {
    return count;
  }

  /** Returns the first of this member's blocks. */
  public int from(int blocks) {
    return (int) from((long) blocks);
  }

  /** Returns the end of this member's blocks, exclusive. */
  public int to(int blocks) {
    return (int) to((long) blocks);
  }

  /** Returns the first of this member's blocks. */
  public long from(long blocks) {
    return blocks / count * index + blocks % count * index / count;
  }

  /** Returns the end of this member's blocks, exclusive. */
  public long to(long blocks) {
    return blocks / count * (index + 1) + blocks % count * (index + 1) / count;
  }

  /** Waits until all members have come to this point; what each wrote is then seen by all. */
  public void barrier() {
    if (count > 1) {
      crew.barrier(this);
    }
  }
}
