using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors;

/// <summary>
/// A member array's attributes, opened once and read in one look. Lives on the container's loop; not for two threads.
/// </summary>
internal sealed class MemberAttributes : IDisposable
{
    private readonly string _directory;
    private readonly EventLoop _loop;
    private readonly Action _changed;
    private readonly Readings _readings = new();
    private readonly KeptAttribute _arrayState;
    private readonly KeptAttribute _syncAction;
    private readonly KeptAttribute _syncCompleted;
    private readonly KeptAttribute _resyncStart;
    private readonly KeptAttribute _metadataVersion;
    private readonly KeptAttribute _reshapePosition;
    private readonly SortedDictionary<int, Leg> _legs = [];
    private bool _legsAreKnown;

    private MemberAttributes(string directory, EventLoop loop, Action changed)
    {
        _directory = directory;
        _loop = loop;
        _changed = changed;
        _arrayState = _readings.Open($"{directory}/array_state", "", writable: true);
        _syncAction = _readings.Open($"{directory}/sync_action", "", writable: true);
        _syncCompleted = _readings.Open($"{directory}/sync_completed", "none");
        _resyncStart = _readings.Open($"{directory}/resync_start", "none");
        _metadataVersion = _readings.Open($"{directory}/metadata_version", "external:-");
        _reshapePosition = _readings.Open($"{directory}/reshape_position", "none");
    }

    /// <summary>
    /// What could not be read since this was asked last, but is not gone: what is known of it stays, and it is to be looked at again. Null: nothing.
    /// </summary>
    public KernelError? TakeNotRead() => _readings.Take();

    /// <summary>Whether the last scan has found out which legs md has.</summary>
    public bool LegsAreKnown => _legsAreKnown;

    /// <summary>Slots that md has filled.</summary>
    public IEnumerable<Leg> Legs => _legs.Values;

    /// <summary>Some leg's state has changed since the last look.</summary>
    public bool LegsHaveChanged
    {
        get
        {
            foreach (var leg in _legs.Values)
            {
                if (leg.StateChanged)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Opens the attributes of <paramref name="array"/> and watches them.</summary>
    /// <param name="sysRoot">/sys, but for tests.</param>
    /// <param name="array">md126</param>
    /// <param name="loop">Who watches.</param>
    /// <param name="changed">Called on the loop's thread for each change.</param>
    public static Result<MemberAttributes> Open(string sysRoot, string array, EventLoop loop, Action changed)
    {
        var attributes = new MemberAttributes($"{sysRoot}/block/{array}/md", loop, changed);
        KernelError? error = attributes._arrayState.IsThere ? attributes.TakeNotRead() : attributes._arrayState.OpenError;
        if (error is { } refused)
        {
            attributes.Dispose();
            return refused;
        }

        attributes._arrayState.Watch(loop, changed);
        attributes._syncAction.Watch(loop, changed);
        attributes._syncCompleted.Watch(loop, changed);
        return attributes;
    }

    /// <summary>array_state alone.</summary>
    public ArrayState ReadState() => KernelWords.ParseState(_arrayState.Text());

    /// <summary>Reads everything.</summary>
    public MemberView Look()
    {
        var action = _syncAction.Text();
        var legs = ImmutableArray.CreateBuilder<LegView>(_legs.Count);
        foreach (var leg in _legs.Values)
        {
            legs.Add(leg.Look());
        }

        var resyncStart = KernelWords.ParsePosition(_resyncStart.Text());
        var syncCompleted = _syncCompleted.Text();
        var completed = KernelWords.ParseCompleted(syncCompleted);
        LastSync = KernelWords.ParseDone(syncCompleted);
        var reshapePosition = KernelWords.ParsePosition(_reshapePosition.Text());

        // Last: when a resync ends the array becomes write-pending, of which the kernel notifies nobody (md.c: md_do_sync), and only
        // then is sync_action notified. Read before that one, it could be the state of before, and the notification spent.
        var state = ReadState();

        // A format without sync_action (RAID 0) is idle.
        return new MemberView(
            state, !_syncAction.IsThere ? SyncAction.Idle : KernelWords.ParseAction(action), resyncStart, completed,
            state == ArrayState.ReadOnly && Frozen(), reshapePosition, legs.DrainToImmutable());
    }

    /// <summary>Whether metadata_version says that the array is to be left alone; also when it cannot be read.</summary>
    public bool Frozen() => !_metadataVersion.Text().StartsWith("external:/", StringComparison.Ordinal);

    /// <summary>Writes array_state.</summary>
    public Result<Nothing> WriteState(ArrayState state) => _arrayState.File!.Write(state.ToWord());

    /// <summary>Writes sync_action.</summary>
    public Result<Nothing> WriteAction(string word) =>
        _syncAction.File is { } action ? action.Write(word) : new KernelError(Errno.ENOENT, $"{_directory}/sync_action", "write");

    /// <summary>Reads an attribute that is not kept open.</summary>
    public Result<string> ReadOnce(string name) => SysfsAttribute.ReadOnce($"{_directory}/{name}");

    /// <summary>Writes an attribute that is not kept open.</summary>
    public Result<Nothing> WriteOnce(string name, string value) => SysfsAttribute.WriteOnce($"{_directory}/{name}", value);

    /// <summary>
    /// A number that is not kept open; 0 when there is none. Of a value that a reshape changes, "4 (3)", it is the new one.
    /// </summary>
    /// <param name="name">The attribute.</param>
    /// <param name="otherwise">When it cannot be read, but is not gone.</param>
    public ulong Number(string name, ulong otherwise = 0)
    {
        var read = ReadOnce(name);
        if (!read.Ok)
        {
            _readings.Note(read.Error);
            return read.Error.MeansGone ? 0 : otherwise;
        }

        return ulong.TryParse(read.Value.AsSpan(0, (read.Value + ' ').IndexOf(' ')), CultureInfo.InvariantCulture, out var value) ? value : 0;
    }

    /// <summary>What of a resync, recovery or reshape is done; null when there is none, or it has not begun.</summary>
    public SyncPosition? SyncDone() => KernelWords.ParseDone(_syncCompleted.Text());

    /// <summary>The same as the last look saw it: read once more, it could swallow a notification.</summary>
    public SyncPosition? LastSync { get; private set; }

    /// <summary>What md has made of the array; null when it is going away.</summary>
    public MdShape? Shape() => MdShape.Of(_directory);

    /// <summary>Looks which legs md has now: opens those that are new, forgets those that are gone.</summary>
    /// <param name="appeared">Told of each new one.</param>
    /// <param name="vanished">Told of each that is gone.</param>
    public void ScanLegs(Action<Leg> appeared, Action<Leg> vanished)
    {
        var listed = SysfsDirectory.List(_directory, "dev-");
        _legsAreKnown = listed.Ok || listed.Error.MeansGone;
        if (!_legsAreKnown)
        {
            _readings.Note(listed.Error);
            return;
        }

        // Gone: the array is going away, as its array_state says.
        var found = new HashSet<int>();
        foreach (var name in listed.Ok ? listed.Value : [])
        {
            if (ScanLeg($"{_directory}/{name}", appeared, vanished) is { } slot)
            {
                found.Add(slot);
            }
        }

        foreach (var leg in _legs.Values.Where(leg => !found.Contains(leg.Slot)).ToList())
        {
            Forget(leg, vanished);
        }
    }

    /// <summary>The slot of the leg in that directory; null: it is none.</summary>
    private int? ScanLeg(string directory, Action<Leg> appeared, Action<Leg> vanished)
    {
        var slot = SysfsAttribute.ReadOnce($"{directory}/slot");
        var before = _legs.Values.FirstOrDefault(leg => leg.Directory == directory && !leg.Vanished);
        if (!slot.Ok && !slot.Error.MeansGone)
        {
            NotKnown(slot.Error);
            return before?.Slot;
        }

        if (slot is { Ok: true, Value: "none" } && before is not null)
        {
            // mdadm takes a leg out of its slot right after failing it (takeover to RAID 0). It stays one until it is removed.
            return before.Slot;
        }

        if (!slot.Ok || !int.TryParse(slot.Value, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        if (_legs.TryGetValue(number, out var known))
        {
            if (known.Directory == directory && !known.Vanished)
            {
                return number;
            }

            Forget(known, vanished);
        }

        var leg = Leg.Open(directory, number, _loop, _changed, _readings);
        if (leg.Ok)
        {
            _legs[number] = leg.Value;
            appeared(leg.Value);
            return number;
        }

        if (!leg.Error.MeansGone)
        {
            NotKnown(leg.Error);
        }

        return null;
    }

    private void NotKnown(KernelError error)
    {
        _legsAreKnown = false;
        _readings.Note(error);
    }

    /// <summary>Forgets a leg that was removed.</summary>
    public void Forget(int slot, Action<Leg> vanished)
    {
        if (_legs.TryGetValue(slot, out var leg))
        {
            Forget(leg, vanished);
        }
    }

    /// <summary>The leg in a slot.</summary>
    public Leg? Find(int slot) => _legs.GetValueOrDefault(slot);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var leg in _legs.Values)
        {
            leg.Dispose();
        }

        _legs.Clear();
        foreach (var attribute in (KeptAttribute[])[_arrayState, _syncAction, _syncCompleted, _resyncStart, _metadataVersion, _reshapePosition])
        {
            attribute.Close(_loop);
        }
    }

    private void Forget(Leg leg, Action<Leg> vanished)
    {
        _legs.Remove(leg.Slot);
        vanished(leg);
        leg.Dispose();
    }

    /// <summary>One leg's attributes.</summary>
    internal sealed class Leg : IDisposable
    {
        private readonly EventLoop _loop;
        private readonly KeptAttribute _state;
        private readonly KeptAttribute _recoveryStart;
        private readonly KeptAttribute _badBlocks;
        private readonly KeptAttribute _unacknowledged;

        private Leg(string directory, int slot, DeviceNumber device, EventLoop loop, Readings readings)
        {
            Directory = directory;
            Slot = slot;
            Device = device;
            _loop = loop;
            _state = readings.Open($"{directory}/state", "");
            _recoveryStart = readings.Open($"{directory}/recovery_start", "none");
            _badBlocks = readings.Open($"{directory}/bad_blocks", "", writable: true);
            _unacknowledged = readings.Open($"{directory}/unacknowledged_bad_blocks", "");
        }

        /// <summary>.../md/dev-loop0</summary>
        public string Directory { get; }

        /// <summary>md's slot.</summary>
        public int Slot { get; }

        /// <summary>The disk.</summary>
        public DeviceNumber Device { get; }

        /// <summary>The disk's name: loop0.</summary>
        public string Disk => Path.GetFileName(Directory)["dev-".Length..];

        /// <summary>Its state attribute.</summary>
        public string StatePath => $"{Directory}/state";

        /// <summary>Where it is written to.</summary>
        /// <param name="array">md126</param>
        public ArrayLeg In(string array) => new(array, Disk, StatePath);

        /// <summary>Its state has changed since the last look.</summary>
        public bool StateChanged { get; private set; }

        /// <summary>Set when bad_blocks has changed; whoever compares the list clears it.</summary>
        public bool BadBlocksChanged { get; set; }

        /// <summary>Its state could no longer be read at the last look.</summary>
        public bool Vanished { get; private set; }

        /// <summary>Its flags at the last look.</summary>
        public LegFlags LastFlags { get; private set; }

        /// <summary>It is being rebuilt, or was when it failed.</summary>
        public bool IsRebuilding { get; private set; }

        /// <summary>It has failed: that is recorded, or being recorded.</summary>
        public bool IsLost { get; set; }

        /// <summary>Bad blocks that are being recorded.</summary>
        public ImmutableArray<BadBlock> Recording { get; set; } = [];

        /// <summary>Opens a leg, all of it or nothing.</summary>
        public static Result<Leg> Open(string directory, int slot, EventLoop loop, Action changed, Readings readings)
        {
            var device = SysfsAttribute.ReadOnce($"{directory}/block/dev");
            if (!device.Ok && !device.Error.MeansGone)
            {
                return device.Error;
            }

            // The link to the block device is gone when the disk was pulled; the leg is still there to be failed and removed.
            var before = readings.Take();
            var leg = new Leg(directory, slot, device.Ok ? Numbers.ParseDevice(device.Value) : default, loop, readings);
            var error = leg._state.IsThere ? readings.Take() : leg._state.OpenError;
            readings.Note(before ?? default);
            if (error is { } refused)
            {
                leg.Dispose();
                return refused;
            }

            leg._state.Watch(loop, () =>
            {
                leg.StateChanged = true;
                changed();
            });
            leg._badBlocks.Watch(loop, () =>
            {
                leg.BadBlocksChanged = true;
                changed();
            });
            leg._unacknowledged.Watch(loop, changed);
            return leg;
        }

        /// <summary>Reads state and recovery_start. What cannot be read, but is not gone, is what it was.</summary>
        public LegView Look()
        {
            StateChanged = false;
            var state = _state.Text();
            Vanished = _state.IsGone;
            LastFlags = Vanished ? LegFlags.Vanished : KernelWords.ParseLeg(state);
            if ((LastFlags & (LegFlags.Faulty | LegFlags.Vanished)) == 0)
            {
                IsRebuilding = (LastFlags & LegFlags.InSync) == 0;
            }

            return new LegView(Slot, LastFlags, KernelWords.ParsePosition(_recoveryStart.Text()));
        }

        /// <summary>Bad blocks that md waits to have recorded, in the disk's own sectors.</summary>
        public ImmutableArray<BadBlock> Unacknowledged() => List(_unacknowledged) ?? [];

        /// <summary>
        /// All bad blocks that md knows, in the disk's own sectors; null when the list cannot be read or fills the attribute's page, so
        /// that its end may be missing: what is not in it must not be forgotten then.
        /// </summary>
        public ImmutableArray<BadBlock>? BadBlocks() => List(_badBlocks, wholeOnly: true);

        /// <inheritdoc/>
        public void Dispose()
        {
            foreach (var attribute in (KeptAttribute[])[_state, _recoveryStart, _badBlocks, _unacknowledged])
            {
                attribute.Close(_loop);
            }
        }

        private static ImmutableArray<BadBlock>? List(KeptAttribute attribute, bool wholeOnly = false)
        {
            const int FullPage = 4094; // The kernel leaves out the page's last byte, reading the last line's end.
            return attribute.Read() is { } text && !(wholeOnly && text.Length >= FullPage) ? KernelWords.ParseBadBlocks(text) : null;
        }
    }
}
