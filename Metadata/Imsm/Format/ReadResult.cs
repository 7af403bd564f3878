using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Format;

/// <summary>Why bytes are not metadata.</summary>
/// <param name="Offset">Byte offset in the metadata (anchor first, then the extended sectors) of the field at fault.</param>
/// <param name="Reason">What is wrong with it.</param>
public readonly record struct FormatError(int Offset, string Reason)
{
    /// <summary>As people read it: <c>offset 0x24: ...</c>.</summary>
    public override string ToString() => $"offset 0x{Offset:x}: {Reason}";
}

/// <summary>Metadata that was read, or why it could not be: exactly one of <see cref="Super"/> and <see cref="Error"/> is there.</summary>
/// <param name="Super">The metadata.</param>
/// <param name="Size">Its size in bytes as it says itself (mpb_size).</param>
/// <param name="Checksum">Its checksum.</param>
/// <param name="Error">What is wrong.</param>
public sealed record ReadResult(ImsmSuper? Super, int Size, uint Checksum, FormatError? Error)
{
    /// <summary>
    /// Whether it is the checksum that is wrong: the sectors are not of one commit. Anything else is content that is not understood,
    /// or no metadata.
    /// </summary>
    public bool IsTorn => Error is { Offset: ImsmOffsets.Checksum };

    /// <summary>Failed.</summary>
    public static ReadResult Failed(int offset, string reason) => new(null, 0, 0, new FormatError(offset, reason));
}
