using System.Text;
using ActorRaid.Tests.SysfsIo;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// A folder in place of sysfs, /proc/mdstat and /run/mdadm. What the actors write and read again are live attributes, the rest files.
/// </summary>
internal sealed class FakeSysfs : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<LiveAttribute> _live = [];

    /// <summary>In place of /sys.</summary>
    public string Root => _folder["sys"];

    /// <summary>In place of /run/mdadm.</summary>
    public string RunDirectory => _folder["run"];

    /// <summary>In place of /proc/mdstat.</summary>
    public string MdStatPath => _folder["mdstat"];

    /// <summary>A member array with clean legs on sda, sdb, ... (8:0, 8:16, ...) of 50 MiB each.</summary>
    public FakeArray Array(string name, string container, int volume, int legs, string state = "clean")
    {
        Put(name, "metadata_version", $"external:/{container}/{volume}\n");
        Put(name, "resync_start", "none\n");
        Put(name, "sync_completed", "none\n");
        Put(name, "reshape_position", "none\n");
        Put(name, "component_size", "51200\n");
        Put(name, "raid_disks", $"{legs}\n");
        Put(name, "safe_mode_delay", "0.200\n");
        return new FakeArray(
            Live(name, "array_state", state), Live(name, "sync_action", "idle"),
            [.. Enumerable.Range(0, legs).Select(slot => Leg(name, slot))]);
    }

    /// <summary>A container by its metadata_version.</summary>
    public void Container(string name, string version = "external:imsm") => Put(name, "metadata_version", version + "\n");

    /// <summary>Says in /proc/mdstat which member arrays are running: their name, container, volume and level.</summary>
    public void List(params (string Array, string Container, int Volume, string Level)[] running)
    {
        var text = "Personalities : [raid6] [raid5] [raid4] [raid1] [raid0]\n"
            + string.Concat(running.Select(array =>
                $"{array.Array} : active {array.Level} sda[0] sdb[1] sdc[2]\n"
                + $"      102400 blocks super external:/{array.Container}/{array.Volume}\n\n"))
            + "unused devices: <none>\n";
        File.WriteAllText(MdStatPath + ".new", text);
        File.Move(MdStatPath + ".new", MdStatPath, overwrite: true);
    }

    /// <summary>An attribute that is a regular file.</summary>
    public void Put(string array, string attribute, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(array, attribute))!);
        File.WriteAllText(PathOf(array, attribute), text);
    }

    /// <summary>What an attribute says.</summary>
    public string Text(string array, string attribute) => File.ReadAllText(PathOf(array, attribute)).TrimEnd('\n');

    /// <summary>Where an attribute of an array is.</summary>
    public string PathOf(string array, string attribute) => $"{Root}/block/{array}/md/{attribute}";

    /// <summary>
    /// What a regular file says after these writes at its beginning, one after the other: a shorter one leaves the end
    /// of the longer one before it.
    /// </summary>
    public static string Written(string first, params string[] then)
    {
        var text = new StringBuilder(first);
        foreach (var write in then)
        {
            text.Remove(0, Math.Min(write.Length, text.Length)).Insert(0, write);
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _folder.Dispose();
        foreach (var live in _live)
        {
            live.Dispose();
        }
    }

    private LiveAttribute Leg(string array, int slot)
    {
        var leg = $"dev-sd{(char)('a' + slot)}";
        Put(array, $"{leg}/slot", $"{slot}\n");
        Put(array, $"{leg}/block/dev", $"8:{16 * slot}\n");
        Put(array, $"{leg}/recovery_start", "none\n");
        return Live(array, $"{leg}/state", "in_sync");
    }

    private LiveAttribute Live(string array, string attribute, string text)
    {
        var live = new LiveAttribute(PathOf(array, attribute), text);
        _live.Add(live);
        return live;
    }
}

/// <summary>A member array's attributes that change.</summary>
/// <param name="State">array_state</param>
/// <param name="Action">sync_action</param>
/// <param name="Legs">The state of each leg.</param>
internal sealed record FakeArray(LiveAttribute State, LiveAttribute Action, LiveAttribute[] Legs);
