namespace ActorRaid.Tests;

/// <summary>A clock that a test sets, from any thread. Its timers never end.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly DateTimeOffset _begin = DateTimeOffset.UtcNow;
    private long _now;

    /// <summary>How late it is.</summary>
    public TimeSpan Now
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _now));
        set => Volatile.Write(ref _now, value.Ticks);
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => _begin + Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Never();

    private sealed class Never : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
