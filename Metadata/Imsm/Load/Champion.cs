using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>
/// Which of the copies on a container's disks speaks for all: the newest of its family, and of several families the one whose
/// disks all say so (upstream: imsm_thunderdome, __prep_thunderdome, validate_members). One thing differs: a member that still
/// holds its spare's record does not make the copies that list it invalid. That is how things stand when power or the daemon failed
/// between the commits to the first disks and to the spare that was just put to use. And a change of family that was cut off is
/// taken for what it is (<see cref="CutChange"/>).
/// </summary>
internal static class Champion
{
    /// <summary>What all copies together say of a disk.</summary>
    /// <param name="Status">Everything that any copy says; a member or a failed disk is no spare.</param>
    /// <param name="Owner">The place in the list of candidates of the copy that is on the disk itself; -1 when none is known.</param>
    internal sealed record KnownDisk(ImsmDiskStatus Status, int Owner);

    /// <summary>The outcome.</summary>
    /// <param name="Copy">The copy that was chosen; null when none is consistent.</param>
    /// <param name="Known">What is known of each disk, by serial number.</param>
    /// <param name="Conflicts">Families that would have been as good.</param>
    internal sealed record Choice(DiskCopy? Copy, IReadOnlyDictionary<string, KnownDisk> Known, ImmutableArray<uint> Conflicts)
    {
        /// <summary>The copies as they were taken, in the order given.</summary>
        public ImmutableArray<DiskCopy> Copies { get; init; } = [];
    }

    /// <summary>Chooses. The copies are looked at last first, as upstream's list has them.</summary>
    public static Choice Choose(ImmutableArray<DiskCopy> copies)
    {
        copies = CutChange.Veiled(copies);
        var choice = Among(copies);
        if (choice.Copy is { IsSpareRecord: false })
            return choice;
        var again = Among(CutChange.Plain(copies));
        return again.Copy is { IsSpareRecord: false } ? again : choice;
    }

    private static Choice Among(ImmutableArray<DiskCopy> copies)
    {
        var known = new Dictionary<string, KnownDisk>();
        var candidates = new List<DiskCopy>();
        for (var i = copies.Length - 1; i >= 0; i--)
            Enter(copies[i], candidates, known);

        DiskCopy? chosen = null, spare = null;
        var conflicts = ImmutableArray.CreateBuilder<uint>();
        for (var i = 0; i < candidates.Count; i++)
        {
            var candidate = candidates[i];
            if (!IsConsistent(candidate, i, candidates, known))
                continue;
            if (candidate.IsSpareRecord)
                spare = candidate;
            else if (chosen is null)
                chosen = candidate;
            else
                conflicts.Add(candidate.Super.FamilyNumber);
        }

        return new Choice(chosen ?? spare, known, conflicts.ToImmutable()) { Copies = copies };
    }

    private static void Enter(DiskCopy copy, List<DiskCopy> candidates, Dictionary<string, KnownDisk> known)
    {
        var place = candidates.FindIndex(candidate => candidate.Super.FamilyNumber == copy.Super.FamilyNumber);
        if (place < 0)
        {
            place = candidates.Count;
            candidates.Add(copy);
        }
        else if (candidates[place].Checksum == copy.Checksum || Replaces(copy, candidates[place]))
        {
            candidates[place] = copy;
        }
        else
        {
            // The candidate stays; this disk belongs to it all the same.
            if (copy.Own is { } own && known.TryGetValue(copy.Serial, out var said))
                known[copy.Serial] = new KnownDisk(said.Status | (own.Status & ImsmDiskStatus.Configured), place);
            return;
        }

        foreach (var disk in copy.Super.Disks)
        {
            var serial = disk.Serial.Exact;
            var status = disk.Status;
            var owner = -1;
            if (known.TryGetValue(serial, out var said))
            {
                status |= said.Status;
                owner = said.Owner;
                if ((status & (ImsmDiskStatus.Configured | ImsmDiskStatus.Failed)) != 0)
                    status &= ~ImsmDiskStatus.Spare;
            }

            known[serial] = new KnownDisk(status, serial == copy.Serial ? place : owner);
        }
    }

    private static bool Replaces(DiskCopy copy, DiskCopy candidate) =>
        (copy.IsConfigured || !candidate.IsConfigured) && (candidate.Super.Generation < copy.Super.Generation
            || (candidate.Super.Generation == copy.Super.Generation && candidate.IsVeiled && !copy.IsVeiled));

    private static bool IsConsistent(DiskCopy candidate, int place, List<DiskCopy> candidates, Dictionary<string, KnownDisk> known)
    {
        if (candidate.Own is null || !known.TryGetValue(candidate.Serial, out var own) || own.Owner != place)
            return false;
        foreach (var disk in candidate.Super.Disks)
        {
            var owner = known.TryGetValue(disk.Serial.Exact, out var said) ? said.Owner : -2;
            if (owner != place && owner != -1 && (owner < 0 || candidate.IsSpareRecord || !candidates[owner].IsSpareRecord))
                return false;
        }

        return true;
    }
}
