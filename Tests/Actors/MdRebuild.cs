using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Metadata;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// md's part of a rebuild or a resync, as md.c does it: what it shows, when that follows, and what is really on the
/// legs. A leg of <see cref="Legs"/> holds its data up to a place.
/// </summary>
internal sealed class MdRebuild(int legs, ulong end, bool resync)
{
    private const ulong All = ArrayFacts.Complete;
    private readonly ulong[] _shown = [.. Enumerable.Repeat(All, legs)];
    private ulong _position;
    private ulong _resyncStart = All;
    private ulong _completed;

    /// <summary>How far each leg's data is whole; of a resync all have the same.</summary>
    public ulong[] Legs { get; } = [.. Enumerable.Repeat(All, legs)];

    public ArrayState State { get; set; } = ArrayState.Clean;

    public bool Runs { get; private set; }

    /// <summary>Somebody wants it to be held.</summary>
    public bool Frozen { get; private set; }

    /// <summary>What is really synchronized.</summary>
    public ulong Truth => Legs.Min();

    /// <summary>What md itself would go on from.</summary>
    public ulong Known => resync ? _resyncStart : _shown.Min();

    private IEnumerable<int> Lacking => Enumerable.Range(0, legs).Where(leg => Legs[leg] != All);

    /// <summary>A leg without data, or an array without parity.</summary>
    public void Lose(int slot)
    {
        foreach (var leg in resync ? Enumerable.Range(0, legs) : [slot])
        {
            (Legs[leg], _shown[leg]) = (0, 0);
        }

        _resyncStart = resync ? 0 : All;
    }

    /// <summary>
    /// Begins, or goes on where it stopped. At first sync_completed shows what it showed of the one before.
    /// </summary>
    public void Start()
    {
        if (!Runs && !Frozen && Lacking.Any())
        {
            Runs = true;
            _position = resync ? _resyncStart : Lacking.Min(leg => _shown[leg]);
        }
    }

    public void Advance(ulong sectors)
    {
        if (!Runs)
        {
            return;
        }

        _position = Math.Min(_position + sectors, end);
        foreach (var leg in Lacking)
        {
            Legs[leg] = Math.Max(Legs[leg], _position);
        }
    }

    /// <summary>md_do_sync, now and then.</summary>
    public void Publish()
    {
        if (Runs)
        {
            _completed = _position;
            _resyncStart = resync ? Math.Max(_resyncStart, _position) : All;
        }
    }

    /// <summary>md_update_sb, some time after that.</summary>
    public void Follow()
    {
        if (Runs && !resync && _completed <= _position)
        {
            Show(_completed);
        }
    }

    /// <summary>It is interrupted: all that was begun ends.</summary>
    public void Interrupt(bool freeze)
    {
        Frozen = freeze;
        if (Runs)
        {
            Runs = false;
            _resyncStart = resync ? Math.Max(_resyncStart, _position) : All;
            Show(_position);
        }
    }

    public void Thaw() => Frozen = false;

    /// <summary>It comes to its end.</summary>
    public void Finish()
    {
        Runs = false;
        _resyncStart = All;
        Legs.AsSpan().Fill(All);
        _shown.AsSpan().Fill(All);
    }

    /// <summary>
    /// Stopped and assembled: mdadm tells md where the metadata says that it had come to, if it has a place for that.
    /// </summary>
    public void Assemble(ulong recorded)
    {
        (Runs, Frozen, State) = (false, false, ArrayState.Clean);
        var start = resync || Lacking.Count() == 1 ? recorded : 0;
        foreach (var leg in Lacking)
        {
            (Legs[leg], _shown[leg]) = (Math.Min(Legs[leg], end), start);
        }

        _resyncStart = resync && Lacking.Any() ? start : All;
    }

    public MemberView Look() => new(
        State, Frozen ? SyncAction.Frozen : !Runs ? SyncAction.Idle : resync ? SyncAction.Resync : SyncAction.Recover,
        _resyncStart, Runs ? _completed : 0, false, All,
        [.. Enumerable.Range(0, legs).Select(leg => new LegView(
            leg, resync || _shown[leg] == All ? LegFlags.InSync : LegFlags.Spare, resync ? All : _shown[leg]))]);

    private void Show(ulong place)
    {
        foreach (var leg in resync ? [] : Lacking)
        {
            _shown[leg] = Math.Max(_shown[leg], place);
        }
    }
}
