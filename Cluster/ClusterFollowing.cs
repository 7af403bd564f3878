using System.Diagnostics;
using System.Runtime.CompilerServices;
using ActorRaid.Cluster.Etcd;

namespace ActorRaid.Cluster;

/// <summary>The cluster as it changes.</summary>
public static class ClusterFollowing
{
    /// <summary>
    /// How the cluster stands, first and with every change, or when nothing has changed for long; for ever. A change is told at once, but what comes
    /// within the pause after another is told together. Trouble with etcd is told in the status.
    /// </summary>
    /// <param name="etcd">Where.</param>
    /// <param name="keys">Under which keys.</param>
    /// <param name="pause">The least time between two.</param>
    /// <param name="probe">How often a silent etcd is asked whether there is really nothing.</param>
    /// <param name="cancel">Ends it.</param>
    public static async IAsyncEnumerable<ClusterStatus> Follow(
        EtcdClient etcd, ClusterKeys keys, TimeSpan pause, TimeSpan? probe = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        using var follower = new EtcdFollower(etcd, keys.States.First, keys.States.End, probe);
        var image = ClusterImage.Empty;
        var told = 0L;
        for (var next = follower.Next(cancel); ;)
        {
            image = image.Apply(await next.ConfigureAwait(false), keys);
            next = follower.Next(cancel);
            var since = told == 0 ? pause : Stopwatch.GetElapsedTime(told);
            var rest = since < pause ? Task.Delay(pause - since, cancel) : Task.CompletedTask;
            // Events may come without end: the time is up all the same.
            var began = Stopwatch.GetTimestamp();
            while (rest.IsCompleted ? next.IsCompleted && Stopwatch.GetElapsedTime(began) < pause : await Task.WhenAny(next, rest).ConfigureAwait(false) == next)
            {
                image = image.Apply(await next.ConfigureAwait(false), keys);
                next = follower.Next(cancel);
            }
            cancel.ThrowIfCancellationRequested();
            yield return ClusterView.Of(image);
            told = Stopwatch.GetTimestamp();
        }
    }
}
