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
    private readonly SysfsAttribute _arrayState;
    private readonly SysfsAttribute? _syncAction;
    private readonly SysfsAttribute? _syncCompleted;
    private readonly SysfsAttribute? _resyncStart;
    private readonly SysfsAttribute? _metadataVersion;
    private readonly SysfsAttribute? _reshapePosition;
    private readonly SortedDictionary<int, Leg> _legs = [];

    private MemberAttributes(string directory, SysfsAttribute arrayState, EventLoop loop, Action changed)
    {
        _directory = directory;
        _loop = loop;
        _changed = changed;
        _arrayState = arrayState;
        _syncAction = Optional("sync_action", writable: true);
        _syncCompleted = Optional("sync_completed");
        _resyncStart = Optional("resync_start");
        _metadataVersion = Optional("metadata_version");
        _reshapePosition = Optional("reshape_position");
        _loop.Watch(_arrayState, changed);
        WatchIfThere(_syncAction, changed);
        WatchIfThere(_syncCompleted, changed);
    }

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
        var directory = $"{sysRoot}/block/{array}/md";
        var state = SysfsAttribute.Open($"{directory}/array_state", writable: true);
        return state.Ok ? new MemberAttributes(directory, state.Value, loop, changed) : state.Error;
    }

    /// <summary>array_state alone.</summary>
    public ArrayState ReadState()
    {
        var read = _arrayState.Read();
        return read.Ok ? KernelWords.ParseState(read.Value) : ArrayState.Unknown;
    }

    /// <summary>Reads everything.</summary>
    public MemberView Look()
    {
        var action = Text(_syncAction, "");
        var legs = ImmutableArray.CreateBuilder<LegView>(_legs.Count);
        foreach (var leg in _legs.Values)
        {
            legs.Add(leg.Look());
        }

        var resyncStart = _resyncStart is null ? ArrayFacts.Complete : Position(_resyncStart);
        var completed = KernelWords.ParseCompleted(Text(_syncCompleted, "none"));
        var reshapePosition = KernelWords.ParsePosition(Text(_reshapePosition, "none"));

        // Last: when a resync ends the array becomes write-pending, of which the kernel notifies nobody (md.c: md_do_sync), and only
        // then is sync_action notified. Read before that one, it could be the state of before, and the notification spent.
        var state = ReadState();

        // A format without sync_action (RAID 0) is idle.
        return new MemberView(
            state, _syncAction is null ? SyncAction.Idle : KernelWords.ParseAction(action), resyncStart, completed,
            state == ArrayState.ReadOnly && Frozen(), reshapePosition, legs.DrainToImmutable());
    }

    /// <summary>Whether metadata_version says that the array is to be left alone; also when it cannot be read.</summary>
    public bool Frozen() => !Text(_metadataVersion, "external:-").StartsWith("external:/", StringComparison.Ordinal);

    /// <summary>Writes array_state.</summary>
    public Result<Nothing> WriteState(ArrayState state) => _arrayState.Write(state.ToWord());

    /// <summary>Writes sync_action.</summary>
    public Result<Nothing> WriteAction(string word) =>
        _syncAction is null ? new KernelError(Errno.ENOENT, $"{_directory}/sync_action", "write") : _syncAction.Write(word);

    /// <summary>Reads an attribute that is not kept open.</summary>
    public Result<string> ReadOnce(string name) => SysfsAttribute.ReadOnce($"{_directory}/{name}");

    /// <summary>Writes an attribute that is not kept open.</summary>
    public Result<Nothing> WriteOnce(string name, string value) => SysfsAttribute.WriteOnce($"{_directory}/{name}", value);

    /// <summary>
    /// A number that is not kept open; 0 when it cannot be read. Of a value that a reshape changes, "4 (3)", it is the new one.
    /// </summary>
    public ulong Number(string name)
    {
        var read = ReadOnce(name);
        return read.Ok && ulong.TryParse(read.Value.AsSpan(0, (read.Value + ' ').IndexOf(' ')), CultureInfo.InvariantCulture, out var value) ? value : 0;
    }

    /// <summary>What of a resync, recovery or reshape is done; null when there is none, or it has not begun.</summary>
    public SyncPosition? SyncDone() => KernelWords.ParseDone(Text(_syncCompleted, "none"));

    /// <summary>What md has made of the array; null when it is going away.</summary>
    public MdShape? Shape() => MdShape.Of(_directory);

    /// <summary>Looks which legs md has now: opens those that are new, forgets those that are gone.</summary>
    /// <param name="appeared">Told of each new one.</param>
    /// <param name="vanished">Told of each that is gone.</param>
    public void ScanLegs(Action<Leg> appeared, Action<Leg> vanished)
    {
        var found = new HashSet<int>();
        string[] directories;
        try
        {
            directories = Directory.GetDirectories(_directory, "dev-*");
        }
        catch (IOException)
        {
            directories = []; // The array is going away: its array_state says so.
        }

        foreach (var directory in directories)
        {
            var slot = SysfsAttribute.ReadOnce($"{directory}/slot");
            if (slot is { Ok: true, Value: "none" } && _legs.Values.FirstOrDefault(leg => leg.Directory == directory && !leg.Vanished) is { } left)
            {
                // mdadm takes a leg out of its slot right after failing it (takeover to RAID 0). It stays one until it is removed.
                found.Add(left.Slot);
                continue;
            }

            if (!slot.Ok || !int.TryParse(slot.Value, CultureInfo.InvariantCulture, out var number))
            {
                continue;
            }

            found.Add(number);
            if (_legs.TryGetValue(number, out var known))
            {
                if (known.Directory == directory && !known.Vanished)
                {
                    continue;
                }

                Forget(known, vanished);
            }

            var leg = Leg.Open(directory, number, _loop, _changed);
            if (leg is not null)
            {
                _legs[number] = leg;
                appeared(leg);
            }
        }

        foreach (var leg in _legs.Values.Where(leg => !found.Contains(leg.Slot)).ToList())
        {
            Forget(leg, vanished);
        }
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
        foreach (var attribute in (SysfsAttribute?[])[_arrayState, _syncAction, _syncCompleted, _resyncStart, _metadataVersion, _reshapePosition])
        {
            if (attribute is not null)
            {
                _loop.Unwatch(attribute);
                attribute.Dispose();
            }
        }
    }

    private static string Text(SysfsAttribute? attribute, string otherwise)
    {
        var read = attribute?.Read();
        return read is { Ok: true } found ? found.Value : otherwise;
    }

    private static ulong? Position(SysfsAttribute attribute) =>
        attribute.Read() is { Ok: true } read ? KernelWords.ParsePosition(read.Value) : null;

    private void Forget(Leg leg, Action<Leg> vanished)
    {
        _legs.Remove(leg.Slot);
        vanished(leg);
        leg.Dispose();
    }

    private SysfsAttribute? Optional(string name, bool writable = false)
    {
        var attribute = SysfsAttribute.Open($"{_directory}/{name}", writable);
        return attribute.Ok ? attribute.Value : null;
    }

    private void WatchIfThere(SysfsAttribute? attribute, Action changed)
    {
        if (attribute is not null)
        {
            _loop.Watch(attribute, changed);
        }
    }

    /// <summary>One leg's attributes.</summary>
    internal sealed class Leg : IDisposable
    {
        private readonly EventLoop _loop;
        private readonly SysfsAttribute _state;
        private readonly SysfsAttribute? _recoveryStart;
        private readonly SysfsAttribute? _badBlocks;
        private readonly SysfsAttribute? _unacknowledged;

        private Leg(string directory, int slot, DeviceNumber device, SysfsAttribute state, EventLoop loop, Action changed)
        {
            Directory = directory;
            Slot = slot;
            Device = device;
            _loop = loop;
            _state = state;
            _recoveryStart = Optional("recovery_start", writable: false);
            _badBlocks = Optional("bad_blocks", writable: true);
            _unacknowledged = Optional("unacknowledged_bad_blocks", writable: false);
            loop.Watch(state, () =>
            {
                StateChanged = true;
                changed();
            });
            if (_badBlocks is not null)
            {
                loop.Watch(_badBlocks, () =>
                {
                    BadBlocksChanged = true;
                    changed();
                });
            }

            if (_unacknowledged is not null)
            {
                loop.Watch(_unacknowledged, changed);
            }
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
        public string StatePath => _state.Path;

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

        /// <summary>Bad blocks that are being recorded.</summary>
        public ImmutableArray<BadBlock> Recording { get; set; } = [];

        /// <summary>Opens a leg; null when it is gone already.</summary>
        public static Leg? Open(string directory, int slot, EventLoop loop, Action changed)
        {
            var device = SysfsAttribute.ReadOnce($"{directory}/block/dev");
            var state = SysfsAttribute.Open($"{directory}/state", writable: true);
            if (!state.Ok)
            {
                return null;
            }

            // The link to the block device is gone when the disk was pulled; the leg is still there to be failed and removed.
            return new Leg(directory, slot, device.Ok ? Numbers.ParseDevice(device.Value) : default, state.Value, loop, changed);
        }

        /// <summary>Reads state and recovery_start.</summary>
        public LegView Look()
        {
            StateChanged = false;
            var state = _state.Read();
            Vanished = !state.Ok;
            LastFlags = state.Ok ? KernelWords.ParseLeg(state.Value) : LegFlags.Vanished;
            var recovery = _recoveryStart?.Read();
            if ((LastFlags & (LegFlags.Faulty | LegFlags.Vanished)) == 0)
            {
                IsRebuilding = (LastFlags & LegFlags.InSync) == 0;
            }

            return new LegView(
                Slot,
                LastFlags,
                recovery is { Ok: true } position ? KernelWords.ParsePosition(position.Value) : ArrayFacts.Complete);
        }

        /// <summary>Bad blocks that md waits to have recorded, in the disk's own sectors.</summary>
        public ImmutableArray<BadBlock> Unacknowledged() => List(_unacknowledged) ?? [];

        /// <summary>
        /// All bad blocks that md knows, in the disk's own sectors; null when the list cannot be read or fills the attribute's page, so
        /// that its end may be missing: what is not in it must not be forgotten then.
        /// </summary>
        public ImmutableArray<BadBlock>? BadBlocks() => List(_badBlocks, wholeOnly: true);

        /// <summary>Writes its state.</summary>
        public Result<Nothing> WriteState(string word) => _state.Write(word);

        /// <inheritdoc/>
        public void Dispose()
        {
            foreach (var attribute in (SysfsAttribute?[])[_state, _recoveryStart, _badBlocks, _unacknowledged])
            {
                if (attribute is not null)
                {
                    _loop.Unwatch(attribute);
                    attribute.Dispose();
                }
            }
        }

        private static ImmutableArray<BadBlock>? List(SysfsAttribute? attribute, bool wholeOnly = false)
        {
            const int FullPage = 4094; // The kernel leaves out the page's last byte, reading the last line's end.
            return attribute?.Read() is { Ok: true } text && !(wholeOnly && text.Value.Length >= FullPage)
                ? KernelWords.ParseBadBlocks(text.Value)
                : null;
        }

        private SysfsAttribute? Optional(string name, bool writable)
        {
            var attribute = SysfsAttribute.Open($"{Directory}/{name}", writable);
            return attribute.Ok ? attribute.Value : null;
        }
    }
}
