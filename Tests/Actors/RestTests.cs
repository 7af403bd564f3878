using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Akka.TestKit;
using Xunit;
using Record = ActorRaid.Actors.Record;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// No cycle of events without an outside cause: whatever has happened to an array, its disks and its metadata, when nothing
/// changes any more its actor and the disks' come to rest, though md wakes them at each word that they write.
/// </summary>
public sealed class RestTests
{
    private const int Seeds = 40, Steps = 30, Bound = 60;

    [Fact]
    public void When_nothing_changes_any_more_nothing_is_written_any_more()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            using var md = new WakingMd();
            var random = new Random(seed);
            for (var step = 0; step < Steps; step++)
            {
                md.Happens(random);
            }

            Assert.True(md.ComesToRest(Bound), $"seed {seed}: more than {Bound} words and messages since something happened");
        }
    }

    /// <summary>An array of three legs, its actor and its disks' actors; a metadata that records whatever it is told.</summary>
    private sealed class WakingMd : LoopKit
    {
        private const string Name = "md126";
        private static readonly ImmutableArray<string> States = ["clean", "active", "write-pending", "active-idle", "readonly", "read-auto"];
        private static readonly ImmutableArray<string> Actions = ["idle", "recover", "resync", "frozen"];
        private readonly FakeSysfs _sysfs = new();
        private readonly ImmutableDictionary<DeviceNumber, IActorRef> _disks;
        private readonly LegWrites _legs;
        private readonly Dictionary<LiveAttribute, string> _shown = [];
        private readonly FakeArray _md;
        private readonly IActorRef _member;
        private readonly IActorRef[] _pinned;
        private bool _isKnown = true;
        private int _words, _answers;

        public WakingMd()
        {
            _md = _sysfs.Array(Name, "md127", volume: 0, legs: 3);
            _legs = new LegWrites(Events);
            _disks = Enumerable.Range(0, 3).ToImmutableDictionary(
                Build.Device,
                number => Pinned(
                    () => new DiskActor(_sysfs.Root, $"sd{"abc"[number]}", Build.Device(number), _legs)));
            foreach (var attribute in _md.Legs.Append(_md.State).Append(_md.Action))
            {
                _shown[attribute] = attribute.Text;
            }

            var metadata = CreateTestProbe();
            metadata.SetAutoPilot(new DelegateAutoPilot(Recorder));
            var writer = Pinned(() => new ArrayWriterActor(_sysfs.Root, Events));
            _pinned = [writer, .. _disks.Values];
            var settings = new MemberSettings(
                _sysfs.Root, Name, 0, Loop, metadata.Ref, _disks, writer, _legs, Events);
            _member = OnLoop(() => new MemberArrayActor(settings), CreateTestProbe());
        }

        private int WordsAndAnswers => _words + Volatile.Read(ref _answers);

        public void Happens(Random random)
        {
            switch (random.Next(9))
            {
                case 0:
                    var leg = _md.Legs[random.Next(3)];
                    if (_shown.ContainsKey(leg))
                    {
                        Show(leg, "faulty,blocked");
                    }

                    break;
                case 1 or 2:
                    Show(_md.State, States[random.Next(States.Length)]);
                    break;
                case 3:
                    Show(_md.Action, Actions[random.Next(Actions.Length)]);
                    break;
                case 4:
                    var without = Build.Device(random.Next(6));
                    _member.Tell(new DisksAre(_disks.Remove(without)));
                    break;
                case 5:
                    Volatile.Write(ref _isKnown, random.Next(3) > 0);
                    _member.Tell(new LegsMayHaveChanged(true));
                    break;
                case 6:
                    _member.Tell(new LookOnceMore());
                    break;
                case 7:
                    _sysfs.Put(Name, "metadata_version", random.Next(2) == 0 ? "external:/md127/0\n" : "external:-md127/0\n");
                    break;
                default:
                    _member.Tell(new LegsMayHaveChanged(false));
                    break;
            }

            Settle();
            Answer();
        }

        public bool ComesToRest(int bound)
        {
            const int Quiet = 3;
            var (before, quiet, last) = (WordsAndAnswers, 0, WordsAndAnswers);
            while (quiet < Quiet)
            {
                // The disks' actors, and the legs, have threads of their own.
                Settle(_pinned);
                _legs.Settle(_sysfs, Name);
                Settle(_pinned);
                Answer();
                quiet = WordsAndAnswers == last ? quiet + 1 : 0;
                last = WordsAndAnswers;
                if (last - before > bound)
                {
                    return false;
                }
            }

            return true;
        }

        /// <inheritdoc/>
        protected override void AfterAll()
        {
            base.AfterAll();
            _legs.Dispose();
            _sysfs.Dispose();
        }

        /// <summary>md's answer to each word that was written: what it says then, and a notification.</summary>
        private void Answer()
        {
            foreach (var (attribute, shown) in _shown.ToList())
            {
                var word = attribute.Text;
                if (word == shown)
                {
                    continue;
                }

                _words++;
                if (word == "remove")
                {
                    _shown.Remove(attribute);
                    var disk = $"dev-sd{"abc"[Array.IndexOf(_md.Legs, attribute)]}";
                    Directory.Delete(Path.GetDirectoryName(_sysfs.PathOf(Name, $"{disk}/state"))!, recursive: true);
                    _member.Tell(SysfsChanged.Instance);
                    continue;
                }

                Show(attribute, word switch
                {
                    "-blocked" => shown.Replace(",blocked", "", StringComparison.Ordinal),
                    "faulty" => "faulty,blocked",
                    _ => word,
                });
            }
        }

        /// <summary>A metadata that records whatever it is told.</summary>
        private AutoPilot Recorder(IActorRef asker, object message)
        {
            object? answer = message switch
            {
                Record record => new Recorded(true, true, [], record.For) { Ticket = record.Ticket },
                DescribeVolume => new VolumeDescribed(Volatile.Read(ref _isKnown) ? MemberArrayRig.Volume : null),
                PlanSpare => new SparePlanned(new SparePlan([], null, "no disk is free")),
                _ => null,
            };
            if (answer is not null)
            {
                Interlocked.Increment(ref _answers);
                (message is Record { ReplyTo: var to } ? to : asker).Tell(answer, ActorRefs.NoSender);
            }

            return AutoPilot.KeepRunning;
        }

        private void Show(LiveAttribute attribute, string text)
        {
            _shown[attribute] = text;
            attribute.Text = text;
            _member.Tell(SysfsChanged.Instance);
        }
    }
}
