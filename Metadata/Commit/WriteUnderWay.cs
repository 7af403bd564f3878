namespace ActorRaid.Metadata.Commit;

/// <summary>A write to a disk that has not ended, of whatever commit.</summary>
/// <param name="Device">The disk.</param>
/// <param name="CanTear">Whether a power cut can leave a mixture of old and new sectors there.</param>
/// <param name="IsHung">Whether it was given up to wait for it: see <see cref="Commit.Hung"/>.</param>
public readonly record struct WriteUnderWay(DeviceNumber Device, bool CanTear, bool IsHung);
