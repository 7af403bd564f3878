using ActorRaid.Actors;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>Disks that are read for a status: a hanging one holds nobody up, and is not asked again.</summary>
public sealed class DiskReadingsTests
{
    private readonly Dictionary<string, TaskCompletionSource<int>> _disks = [];
    private readonly List<string> _begun = [];

    [Fact]
    public async Task A_disk_that_hangs_is_waited_for_a_moment_and_its_answer_is_for_whoever_asks_later()
    {
        var readings = new DiskReadings<string, int>(Begin, TimeSpan.FromMilliseconds(50));
        Disk("sda").SetResult(1);
        Assert.Equal(["sda"], readings.Read(["sda", "sdb"]).Keys);
        Assert.Equal(["sdc"], readings.Read(Answering("sdc")).Keys);
        Assert.Empty(readings.Read(["sdb"]));
        Assert.Single(_begun, "sdb");
        Disk("sdb").SetResult(2);
        Assert.Equal(2, await readings.Read(["sdb"])["sdb"]);
        Assert.Single(_begun, "sdb");
    }

    [Fact]
    public void What_is_fresh_is_not_read_again_and_what_has_failed_is_told_as_that()
    {
        var readings = new DiskReadings<string, int>(Begin, TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1));
        Disk("sda").SetException(new IOException("EIO"));
        Assert.True(readings.Read(["sda"])["sda"].IsFaulted);
        Assert.True(readings.Read(["sda"])["sda"].IsFaulted);
        Assert.Single(_begun);
        // Forgotten meanwhile.
        readings.Read(Answering("sdb"));
        readings.Read(["sda"]);
        Assert.Equal(["sda", "sdb", "sda"], _begun);
    }

    private string[] Answering(string name)
    {
        Disk(name).SetResult(0);
        return [name];
    }

    private Task<int> Begin(string name)
    {
        _begun.Add(name);
        return Disk(name).Task;
    }

    private TaskCompletionSource<int> Disk(string name) => _disks.TryGetValue(name, out var disk) ? disk : _disks[name] = new TaskCompletionSource<int>();
}
