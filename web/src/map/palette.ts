/** Which colour has which meaning, on light and on dark ground? */

export type Theme = 'light' | 'dark'
export type Ramp = 'diverging' | 'sequential'

export interface BaseColours {
  land: string
  water: string
  waterLine: string
  green: string
  campus: string
  builtUp: string
  compound: string
  wall: string
  building: string
  buildingLine: string
  street: string
  casing: string
  rail: string
  railGap: string
  text: string
  textQuiet: string
  textWater: string
  halo: string
  district: string
  division: string
  community: string
  grid: string
  accent: string
  selectHalo: string
  hatch: string
  zero: string
  part: string
  event: string
  pointLine: string
  measure: string
}

export const BASE: Record<Theme, BaseColours> = {
  light: {
    land: '#f6f6f3', water: '#cfe3ee', waterLine: '#a9c9da', green: '#e3efdd', campus: '#f0ecdf', builtUp: '#f1f0ec',
    compound: '#efeee9', wall: '#b9b3a8', building: '#e4e1db', buildingLine: '#cfcac2', street: '#ffffff',
    casing: '#d9d6cf', rail: '#a5a7ab', railGap: '#f6f6f3', text: '#2a3038', textQuiet: '#6a7079',
    textWater: '#4d7f9c', halo: '#ffffff', district: '#4b3a63', division: '#5d4a78', community: '#6c5d84',
    grid: '#7c8590', accent: '#1d5fd0', selectHalo: '#ffffff', hatch: '#9aa0a8', zero: '#ffffff',
    part: '#0f766e', event: '#b4347c', pointLine: '#ffffff', measure: '#c2410c',
  },
  dark: {
    land: '#14181e', water: '#15303f', waterLine: '#26506a', green: '#17261e', campus: '#211f1a', builtUp: '#181c22',
    compound: '#1a1e24', wall: '#4d5158', building: '#262b33', buildingLine: '#39404a', street: '#3b424d',
    casing: '#0d1014', rail: '#565d68', railGap: '#14181e', text: '#e8ebef', textQuiet: '#a2a9b3',
    textWater: '#79aeca', halo: '#0d1014', district: '#d9c8f2', division: '#c3b0e0', community: '#a796c4',
    grid: '#7d8794', accent: '#6ea8ff', selectHalo: '#ffffff', hatch: '#6d747e', zero: '#0d1014',
    part: '#4fd1c0', event: '#ff8ac6', pointLine: '#0d1014', measure: '#ffa861',
  },
}

// Diverging is brown-blue-green (colour-blind safe), light in the middle on light ground and dark on dark ground:
// too few households is green-blue, too many is brown. Sequential is yellow-green-blue.
const RAMPS: Record<Theme, Record<Ramp, string[]>> = {
  light: {
    diverging: ['#01665e', '#5ab4ac', '#c7eae5', '#f5f3ee', '#f6e3bb', '#d8b365', '#8c510a'],
    sequential: ['#f1f9c4', '#c7e9b4', '#7fcdbb', '#41b6c4', '#1d91c0', '#225ea8', '#0c2c84'],
  },
  dark: {
    diverging: ['#80dccf', '#3f9c92', '#265a56', '#343a42', '#61491f', '#ad7b33', '#f0c27a'],
    sequential: ['#1b2d57', '#1f4b8a', '#1d73a5', '#2b9bb0', '#5fc2b3', '#aadfae', '#f2fac4'],
  },
}

/** Pale tints that tell neighbours apart; the index is the grid's colour in the graph colouring. */
const IDENTITY: Record<Theme, string[]> = {
  light: ['#d6e3f5', '#fbe3cd', '#d9eed8', '#f3d9e6', '#e6dff4', '#f7f0c8', '#d3ecec', '#ecdfd6'],
  dark: ['#263c58', '#54402a', '#284632', '#4d2e40', '#3b3357', '#4c4724', '#214748', '#443831'],
}

/** The colour of class `index` of `total` classes. */
export function classColour(theme: Theme, ramp: Ramp, index: number, total: number): string {
  const colours = RAMPS[theme][ramp]
  const last = colours.length - 1
  const place = total <= 1 ? (ramp === 'diverging' ? last / 2 : last / 2) : (index * last) / (total - 1)
  return colours[Math.max(0, Math.min(last, Math.round(place)))] as string
}

export function identityColours(theme: Theme): string[] {
  return IDENTITY[theme]
}

/** The heatmap from nothing to dense. */
export function heatColours(theme: Theme): string[] {
  return theme === 'light'
    ? ['rgba(254,224,182,0)', '#fee0a6', '#fdb863', '#f0792f', '#cf3c1f', '#8f1414']
    : ['rgba(70,20,60,0)', '#4a1c4f', '#8c2a63', '#d1495b', '#f79256', '#fff3b0']
}
