namespace ActorRaid.Metadata.Imsm.Model;

/// <summary>The attributes word (MPB_ATTRIB_* in upstream's super-intel.c).</summary>
[Flags]
public enum ImsmAttributes : uint
{
    /// <summary>None.</summary>
    None = 0,
}
