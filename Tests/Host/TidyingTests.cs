using ActorRaid.Host.Daemon;
using Xunit;

namespace ActorRaid.Tests.Host;

/// <summary>Garbage is collected between beats of the daemon's heart, if there is any.</summary>
public sealed class TidyingTests
{
    [Fact]
    public void What_has_come_together_is_collected()
    {
        var tidying = new Tidying();
        var gone = Leave();
        Assert.True(gone.IsAlive);
        _ = new byte[2 << 20];
        tidying.Look();
        Assert.False(gone.IsAlive);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference Leave() => new(new object());
}
