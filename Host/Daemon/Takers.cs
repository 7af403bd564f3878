using System.Collections.Immutable;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace ActorRaid.Host.Daemon;

/// <summary>
/// Tells a SIGTERM by which somebody who has taken a container sends us away from a SIGTERM that means us as a whole. Each taker sends one, after its
/// pid file is in place; those of several at once may be found at the first, and may arrive as one.
/// </summary>
internal sealed class Takers
{
    private static readonly TimeSpan Validity = TimeSpan.FromSeconds(2);
    private int _expected;
    private long _since;

    /// <summary>Others have taken these: a signal for each of them is expected.</summary>
    internal void Expect(ImmutableArray<string> taken)
    {
        if (Stopwatch.GetElapsedTime(_since) > Validity)
            _expected = 0;
        if (taken.Length > 0)
            _since = Stopwatch.GetTimestamp();
        _expected += taken.Length;
    }

    /// <summary>Whether the signal that was just received is a taker's.</summary>
    internal bool IsOneOfTheirs() => _expected > 0 && _expected-- > 0;
}
