using ActorRaid.Actors;
using ActorRaid.Actors.Handoff;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Handoff;

/// <summary>
/// Goes once through what a handoff does while arrays wait, on things that are thrown away: a socket that pauses with a client in the middle of a
/// message, a snapshot written and read.
/// </summary>
internal static class HandoffRehearsal
{
    /// <summary>Leaves nothing behind. What fails here will be seen, and said, when it matters.</summary>
    /// <param name="directory">Where a socket can be made for a moment.</param>
    internal static async Task Run(string directory)
    {
        var path = $"{directory}/rehearsal-{Environment.ProcessId}.sock";
        var server = MonitorServer.Listen(path, (_, _) => Task.FromResult(ReadOnlyMemory<byte>.Empty));
        if (!server.Ok)
            return;
        server.Value.UnlinkOnDispose = true;
        await using (server.Value.ConfigureAwait(false))
        {
            var client = MonitorClient.Connect(path);
            if (!client.Ok)
                return;
            using (client.Value)
            {
                await Task.Run(client.Value.PingManager).ConfigureAwait(false);
                var sockets = await server.Value.Pause().ConfigureAwait(false);
                var arrays = new ArraySnapshot("md0", MemberMemory.New, [0]);
                var snapshot = Snapshot.Of(new ContainerPaused(new ContainerSnapshot("md1", 1, "00", [arrays], ["sda"], [[1]]) { Disks = [new DiskDigest("8:0", "00")] }, sockets));
                foreach (var message in new HandoffMessage[] { snapshot, new Take("md1"), new Prepared(), new Go(), new Mine() })
                    HandoffJson.Decode(HandoffJson.Encode(message));
                server.Value.Resume();
            }
        }
    }
}
