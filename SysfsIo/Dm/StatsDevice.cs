using System.Collections.Immutable;

namespace ActorRaid.SysfsIo.Dm;

/// <summary>The statistics regions of one device.</summary>
public interface IStatsDevice
{
    /// <summary>The device's name, for people.</summary>
    string Name { get; }

    /// <summary>Whether it still is the device that it was. ENXIO: it is gone, or another one has its number.</summary>
    Result<Nothing> Check();

    /// <summary>All its regions, everybody's.</summary>
    Result<ImmutableArray<StatsRegion>> List();

    /// <summary>Creates a region and returns its number. The kernel lets input and output end before.</summary>
    Result<ulong> Create(SectorRange range, StatsOptions options, string programId, string aux);

    /// <summary>Replaces the text beside a region.</summary>
    Result<Nothing> SetAux(ulong id, string aux);

    /// <summary>What a region has counted in all its areas. ENOENT: there is no such region.</summary>
    Result<StatsCounters> Counters(ulong id);

    /// <summary>Ends a region. ENOENT: there is none.</summary>
    Result<Nothing> Delete(ulong id);
}

/// <summary>A real device's.</summary>
public sealed class StatsDevice : IStatsDevice
{
    private readonly DmControl control;
    private readonly ulong number;
    private readonly string uuid;
    private readonly string name;

    private StatsDevice(DmControl control, ulong number, string name, string uuid)
    {
        this.control = control;
        this.number = number;
        this.name = name;
        this.uuid = uuid;
    }

    /// <summary>Told of each message that is sent, without those that list.</summary>
    public event Action<string>? Sending;

    /// <inheritdoc/>
    public string Name => $"{name} ({DmControl.NumberText(number)})";

    /// <summary>
    /// The device with that number (as stat(2) has it). ENXIO: there is none, or it is no device-mapper device.
    /// </summary>
    public static Result<StatsDevice> Find(DmControl control, ulong number)
    {
        var found = control.Device(number);
        return found.Ok ? new StatsDevice(control, number, found.Value.Name, found.Value.Uuid) : found.Error;
    }

    /// <inheritdoc/>
    public Result<Nothing> Check()
    {
        // By its UUID where it has one: a device may be renamed.
        var now = control.Device(number);
        return !now.Ok ? now.Error
            : now.Value.Uuid == uuid && (uuid.Length > 0 || now.Value.Name == name) ? default(Nothing)
            : new KernelError(Errno.ENXIO, Name, "find");
    }

    /// <inheritdoc/>
    public Result<ImmutableArray<StatsRegion>> List()
    {
        var answer = control.Message(number, StatsMessages.List());
        return answer.Ok ? StatsText.Regions(answer.Value) : answer.Error;
    }

    /// <inheritdoc/>
    public Result<ulong> Create(SectorRange range, StatsOptions options, string programId, string aux)
    {
        var answer = Send(StatsMessages.Create(range, options, programId, aux));
        return answer.Ok ? StatsText.Number(answer.Value) : answer.Error;
    }

    /// <inheritdoc/>
    public Result<Nothing> SetAux(ulong id, string aux) => Done(Send(StatsMessages.SetAux(id, aux)));

    /// <inheritdoc/>
    public Result<StatsCounters> Counters(ulong id)
    {
        var answer = control.Message(number, StatsMessages.Print(id));
        if (!answer.Ok)
        {
            return answer.Error;
        }
        var areas = StatsText.Areas(answer.Value);
        return areas.Ok ? areas.Value.Aggregate(default(StatsCounters), (sum, area) => sum + area.Counters) : areas.Error;
    }

    /// <inheritdoc/>
    public Result<Nothing> Delete(ulong id) => Done(Send(StatsMessages.Delete(id)));

    private static Result<Nothing> Done(Result<string> answer) => answer.Ok ? default(Nothing) : answer.Error;

    private Result<string> Send(string message)
    {
        Sending?.Invoke(message);
        return control.Message(number, message);
    }
}
